/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transactions that go on where they broke off (RFC 1845). */
#include "protocols/smtp-server-priv.h"

/* The recipients of the transaction that broke off, as RCPT had them. */
static gboolean
restore_recipients(PliSmtpServer *server, const char *const *recipients)
{
	for (; *recipients != NULL; recipients++) {
		g_autofree char *args = g_strconcat("TO:", *recipients, NULL);

		if (pli_smtp_mail_parse_rcpt(
			    server, pli_slice_from_string(args)) != NULL)
			return FALSE;
		server->rcpt->index =
			server->rcpts != NULL ? server->rcpts->len : 0;
		pli_smtp_transaction_add_rcpt(server);
	}
	return server->rcpts != NULL;
}

gboolean
pli_smtp_checkpoint_resume(PliSmtpServer *server,
			   const PliSmtpCheckpoint *checkpoint)
{
	guint64 limit = server->config.size_limit;
	g_autofree char *text = NULL;

	if (server->mail.transid == NULL || checkpoint->offset == 0 ||
	    (limit > 0 && checkpoint->offset > limit))
		return FALSE;
	/* they were accepted under another configuration */
	if (!restore_recipients(server, checkpoint->recipients)) {
		g_clear_pointer(&server->rcpts, g_ptr_array_unref);
		return FALSE;
	}
	server->is_resumed = TRUE;
	server->received = checkpoint->offset;
	text = g_strdup_printf("%" G_GUINT64_FORMAT
			       " is the transaction offset",
			       checkpoint->offset);
	pli_smtp_server_reply(server, &(PliSmtpReply){355, NULL, text});
	return TRUE;
}

void
pli_smtp_checkpoint_repeat_rcpt(PliSmtpServer *server)
{
	static const PliSmtpReply again = {250, "2.1.5",
					   "recipient accepted before"};
	static const PliSmtpReply other = {
		503, "5.5.1",
		"the transaction goes on with the recipients it had: DATA, "
		"BDAT or RSET was expected"};
	const char *text = server->rcpt->path->text;
	gboolean is_known = FALSE;

	for (guint i = 0; i < server->rcpts->len && !is_known; i++) {
		const PliSmtpRcpt *rcpt = g_ptr_array_index(server->rcpts, i);

		is_known = g_str_equal(rcpt->path->text, text);
	}
	g_clear_pointer(&server->rcpt, pli_smtp_mail_free_rcpt);
	if (is_known)
		pli_smtp_server_reply(server, &again);
	else
		pli_smtp_server_fault(server, &other);
}

void
pli_smtp_checkpoint_invite(PliSmtpServer *server)
{
	g_autofree char *text = g_strdup_printf(
		"send the message from octet %" G_GUINT64_FORMAT
		" on; end it with <CRLF>.<CRLF>",
		server->received);

	pli_smtp_server_reply(server, &(PliSmtpReply){354, NULL, text});
}
