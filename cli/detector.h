/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What type octets look like, whatever they say they are: libmagic's answer
 * (as of `file --mime-type`) to the first PLI_DETECTOR_OCTETS.
 *
 * libmagic is loaded by pli_detector_new(), not with the program: what does
 * not detect types does not pay for it (doc/decisions/022-detected-types.md).
 */
#ifndef PLI_CLI_DETECTOR_H
#define PLI_CLI_DETECTOR_H

#include "engine/slice.h"

#define PLI_DETECTOR_OCTETS (64 * 1024)

typedef struct PliDetector PliDetector;

/* NULL when libmagic or its database is not there; *error says which. */
PliDetector *pli_detector_new(GError **error);

void pli_detector_free(PliDetector *detector);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliDetector, pli_detector_free)

/* Starts with the next octets. */
void pli_detector_begin(PliDetector *detector);

void pli_detector_feed(PliDetector *detector, PliSlice octets);

/* "type/subtype", valid until the next call; NULL when it cannot tell, or
 * there was no octet. */
const char *pli_detector_finish(PliDetector *detector);

#endif
