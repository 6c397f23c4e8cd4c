/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `pli structure` and `pli envelope` share: a line of IMAP text a
 * message.
 */
#ifndef PLI_CLI_IMAP_TEXT_H
#define PLI_CLI_IMAP_TEXT_H

#include "cli/command.h"
#include "engine/buf.h"
#include "engine/structure.h"

/* FALSE at the buffer's ceiling. */
typedef gboolean (*PliImapTextFormat)(const PliStructure *structure,
				      PliBuf *buf);

/* The whole command; answers the exit status. */
int pli_imap_text_run(const PliCommand *command, int argc, char **argv,
		      PliImapTextFormat format);

#endif
