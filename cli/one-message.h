/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A command that is about one message: the file of its PATH, or standard input.
 */
#ifndef PLI_CLI_ONE_MESSAGE_H
#define PLI_CLI_ONE_MESSAGE_H

#include "cli/command.h"
#include "cli/message.h"

/* The exit status; *error, when it is set, is told with the message's name. */
typedef int (*PliOneMessageAct)(const PliMessage *message, gpointer data,
				GError **error);

/*
 * Reads the message to its end and acts on it. Instead: 64 unless there is one
 * PATH, 65 when there are more messages in it, 66 or 74 when it could not be
 * read whole, so that no part of a message is taken for all of it.
 */
int pli_one_message_run(const PliCommand *command, char *const *paths,
			PliOneMessageAct act, gpointer data);

#endif
