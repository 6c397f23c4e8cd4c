/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/one-message.h"

#include <sysexits.h>

#include "cli/input.h"
#include "cli/terminal.h"

int
pli_one_message_run(const PliCommand *command, char *const *paths,
		    PliOneMessageAct act, gpointer data)
{
	g_autoptr(PliInput) input = pli_input_new(paths, FALSE);
	g_autoptr(PliMessage) message = NULL;
	g_autoptr(PliMessage) another = NULL;
	g_autoptr(GError) error = NULL;
	int status;

	if (paths[0] == NULL || paths[1] != NULL)
		return pli_command_format_usage(command,
						"one PATH is expected");
	message = pli_input_next(input);
	if (message == NULL)
		return MAX(pli_input_get_status(input), EX_NOINPUT);
	another = pli_input_next(input);
	if (another != NULL) {
		pli_terminal_add_error(message->file,
				       "one message is expected, and there "
				       "are more");
		return EX_DATAERR;
	}
	if (pli_input_get_status(input) != 0)
		return pli_input_get_status(input);
	status = act(message, data, &error);
	/* pli_terminal_finish() tells of standard output */
	if (error != NULL && !pli_terminal_has_failed())
		pli_input_add_error(input, message, error);
	return MAX(status, pli_input_get_status(input));
}
