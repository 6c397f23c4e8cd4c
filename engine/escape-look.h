/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is odd about the escapes of quoted-printable where they lie, though all
 * readers that are lenient read them alike: RFC 2045 6.7 writes the digits in
 * upper case. Streams; the answer does not depend on how the text is cut.
 */
#ifndef PLI_ENGINE_ESCAPE_LOOK_H
#define PLI_ENGINE_ESCAPE_LOOK_H

#include "engine/defect.h"
#include "engine/slice.h"

/* Where in an escape the last octet left off; starts as PLI_ESCAPE_TEXT. */
typedef enum {
	PLI_ESCAPE_TEXT,
	PLI_ESCAPE_EQUALS,
	PLI_ESCAPE_DIGIT,
} PliEscapeLook;

/* Adds PLI_DEFECT_QP_LOWER_CASE to `set`. */
void
pli_escape_look_feed(PliEscapeLook *look, PliSlice octets, PliDefectSet *set);

#endif
