/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli envelope`: ENVELOPE as IMAP returns it. */
#include "cli/command.h"

#include "cli/imap-text.h"
#include "engine/envelope.h"

static gboolean
format_envelope(const PliStructure *structure, PliBuf *buf)
{
	return pli_envelope_format(structure, 0, buf);
}

static int
run_envelope(const PliCommand *command, int argc, char **argv)
{
	return pli_imap_text_run(command, argc, argv, format_envelope);
}

const PliCommand pli_envelope_command = {
	.name = "envelope",
	.usage = "envelope FILE",
	.summary = "Prints what IMAP FETCH ENVELOPE returns.",
	.help = "FILE may be - for standard input; of an mbox or a Maildir "
		"each message is a line\n"
		"(RFC 9051 7.5.2).\n\n"
		"Exit status: 0; 1 when the message was empty, truncated, "
		"binary or over a limit;\n"
		"64 usage, 66 FILE cannot be opened, 74 read or write error.\n",
	.run = run_envelope,
};
