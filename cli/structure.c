/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli structure`: BODYSTRUCTURE as IMAP returns it. */
#include "cli/command.h"

#include "cli/imap-text.h"
#include "engine/bodystructure.h"

static gboolean
format_structure(const PliStructure *structure, PliBuf *buf)
{
	return pli_bodystructure_format(structure, TRUE, buf);
}

static int
run_structure(const PliCommand *command, int argc, char **argv)
{
	return pli_imap_text_run(command, argc, argv, format_structure);
}

const PliCommand pli_structure_command = {
	.name = "structure",
	.usage = "structure FILE",
	.summary = "Prints what IMAP FETCH BODYSTRUCTURE returns.",
	.help = "FILE may be - for standard input; of an mbox or a Maildir "
		"each message is a line\n"
		"(RFC 9051 7.5.2).\n\n"
		"Exit status: 0; 1 when the message was empty, truncated, "
		"binary or over a limit;\n"
		"64 usage, 66 FILE cannot be opened, 74 read or write error.\n",
	.run = run_structure,
};
