/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages of the PATHs on a command line: files, "-" for standard input,
 * mbox files, Maildir folders.
 *
 * Each message is scanned as it is read, once, in pieces of 64 KiB, with an
 * LF counted as CRLF. What cannot be read is told on standard error at once
 * and the walk goes on with what comes next; pli_input_get_status() is the
 * worst that happened: 0, 66 (no input) or 74 (read error).
 */
#ifndef PLI_CLI_INPUT_H
#define PLI_CLI_INPUT_H

#include "cli/message.h"

typedef struct PliInput PliInput;

/* `paths` is borrowed. `with_digest` fills in PliMessage's sha256. */
PliInput *pli_input_new(char *const *paths, gboolean with_digest);

void pli_input_free(PliInput *input);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliInput, pli_input_free)

/* The next message, owned by the caller; NULL at the end. */
PliMessage *pli_input_next(PliInput *input);

/* Tells of an error met while reading on in a message. */
void pli_input_add_error(PliInput *input, const PliMessage *message,
			 const GError *error);

int pli_input_get_status(const PliInput *input);

#endif
