/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/imap-text.h"

#include <sysexits.h>

#include "cli/input.h"
#include "cli/terminal.h"

/* Far more than PliLimits let into a structure. */
#define MAX_TEXT (256 * 1024 * 1024)

static int
print_messages(char *const *paths, PliImapTextFormat format)
{
	g_autoptr(PliInput) input = pli_input_new(paths, FALSE);
	g_auto(PliBuf) text;
	int status = 0;

	pli_buf_init(&text, MAX_TEXT);
	while (!pli_terminal_has_failed()) {
		g_autoptr(PliMessage) message = pli_input_next(input);

		if (message == NULL)
			break;
		pli_buf_reset(&text);
		if (!format(message->structure, &text) ||
		    !pli_buf_append_octet(&text, '\n')) {
			pli_terminal_add_error(message->file,
					       "more text than the limit");
			status = EX_DATAERR;
			continue;
		}
		fwrite(text.data, 1, text.len, stdout);
		if (pli_message_is_damaged(message))
			status = MAX(status, PLI_EXIT_FOUND);
	}
	return MAX(status, pli_input_get_status(input));
}

int
pli_imap_text_run(const PliCommand *command, int argc, char **argv,
		  PliImapTextFormat format)
{
	g_auto(GStrv) paths = NULL;
	int status, written;

	if (!pli_command_parse(command, NULL, argc, argv, &paths, &status))
		return status;
	if (g_strv_length(paths) != 1)
		return pli_command_format_usage(
			command, "one FILE is expected, %u were given",
			g_strv_length(paths));
	status = print_messages(paths, format);
	written = pli_terminal_finish();
	return MAX(status, written);
}
