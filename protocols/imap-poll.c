/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-server-priv.h"

static void
tell_counts(PliImapServer *server)
{
	const PliImapMessages *messages = &server->messages;
	const PliImapEnding *ending = &server->ending;
	guint n_left = ending->n_before - ending->expunged->len;

	if (messages->uids->len > n_left)
		pli_output_append_printf(&server->output, "* %u EXISTS\r\n",
		                         messages->uids->len);
	if (messages->recent->len != ending->n_recent_before)
		pli_output_append_printf(&server->output, "* %u RECENT\r\n",
		                         messages->recent->len);
}

/* EXPUNGE responses, as many as the output takes, then the rest. */
static PliStep
poll_resume(PliImapServer *server)
{
	PliImapEnding *ending = &server->ending;

	if (ending->told < ending->expunged->len) {
		guint32 number = g_array_index(ending->expunged, guint32,
		                               ending->told++);

		pli_output_append_printf(&server->output, "* %u EXPUNGE\r\n",
		                         number);
		return PLI_STEP_READY;
	}
	tell_counts(server);
	pli_imap_server_finish(server, ending->result, ending->code,
	                       ending->text);
	return PLI_STEP_READY;
}

static void
poll_answered(PliImapServer *server, const PliAnswer *answer)
{
	PliImapEnding *ending = &server->ending;
	PliImapView *view = answer->detail;

	ending->expunged = g_array_new(FALSE, FALSE, sizeof(guint32));
	server->command.resume = poll_resume;
	if (answer->verdict != PLI_VERDICT_ACCEPT || view == NULL)
		return;
	if (!pli_imap_messages_update(&server->messages, view,
	                              ending->may_expunge, ending->expunged)) {
		pli_imap_server_bye(server, "The mailbox was replaced");
		pli_imap_server_finish(server, ending->result, ending->code,
		                       ending->text);
	}
}

void
pli_imap_poll_finish(PliImapServer *server, gboolean may_expunge,
                     PliImapResult result, const char *code, const char *text)
{
	PliImapEnding *ending = &server->ending;
	const PliImapMessages *messages = &server->messages;

	server->command.resume = NULL;
	*ending = (PliImapEnding){
		.result = result,
		.code = code,
		.text = text,
		.may_expunge = may_expunge,
		.n_before = messages->uids->len,
		.n_recent_before = messages->recent->len,
		.known = {.highest_modseq = messages->status.highest_modseq,
		          .uid_next = messages->status.uid_next,
		          .n_messages = messages->uids->len},
	};
	pli_imap_server_ask(server, PLI_IMAP_EVENT_POLL, &ending->known,
	                    poll_answered);
}
