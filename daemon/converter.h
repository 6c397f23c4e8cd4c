/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Binary messages made fit for the store, before they are committed: a thread
 * that runs engine/convert.h over a spool entry into another one, and scans
 * what comes out.
 *
 * NUL, bare CR and bare LF do not survive IMAP (RFC 9051 6.4.5) nor most
 * programs that read a Maildir. A message that needs nothing keeps its entry.
 */
#ifndef PLI_DAEMON_CONVERTER_H
#define PLI_DAEMON_CONVERTER_H

#include "daemon/message.h"

typedef struct PliConverter PliConverter;

/* On the loop. The message is the caller's again; its `error` says whether it
 * was refused (PLI_CONVERT_ERROR) or could not be stored. */
typedef void (*PliConverterDone)(gpointer data);

/* `post` is borrowed and lives as long as the converter. */
PliConverter *
pli_converter_new(PliPost *post);

/* Converts what still waits, ends the thread; the results are in the post. */
void
pli_converter_free(PliConverter *converter);

/* Takes a message whose scan has ended, until `done`; loop only. */
void
pli_converter_add(PliConverter *converter, PliMessage *message,
                  PliConverterDone done, gpointer data);

#endif
