/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STATUS (RFC 3501 6.3.10). */
#include "protocols/imap-name.h"
#include "protocols/imap-server-priv.h"

typedef struct {
	PliImapStatus detail;
	char *name;
} Status;

static const struct {
	const char *name;
	guint32 bit;
} items[] = {
	{"MESSAGES", PLI_IMAP_STATUS_MESSAGES},
	{"RECENT", PLI_IMAP_STATUS_RECENT},
	{"UIDNEXT", PLI_IMAP_STATUS_UIDNEXT},
	{"UIDVALIDITY", PLI_IMAP_STATUS_UIDVALIDITY},
	{"UNSEEN", PLI_IMAP_STATUS_UNSEEN},
};

static void
status_free(gpointer data)
{
	Status *status = data;

	g_free(status->name);
	g_free(status);
}

static gboolean
take_items(PliImapLexer *lexer, guint32 *ret_items)
{
	guint32 all = 0;

	do {
		PliSlice name;
		guint32 bit = 0;

		if (all != 0 && !pli_imap_lexer_take_space(lexer))
			return FALSE;
		if (!pli_imap_lexer_take_atom(lexer, &name))
			return FALSE;
		for (gsize i = 0; i < G_N_ELEMENTS(items); i++)
			if (pli_slice_is(name, items[i].name))
				bit = items[i].bit;
		if (bit == 0)
			return pli_imap_lexer_fail(lexer,
			                           "Unknown STATUS item");
		all |= bit;
	} while (pli_imap_lexer_get_next(lexer) != ')');
	*ret_items = all;
	return pli_imap_lexer_take_octet(lexer, ')');
}

gboolean
pli_imap_status_parse(PliImapServer *server, PliImapLexer *lexer)
{
	PliSlice name;
	guint32 wanted = 0;
	Status *status;

	if (!pli_imap_lexer_take_space(lexer) ||
	    !pli_imap_lexer_take_astring(lexer, &name) ||
	    !pli_imap_lexer_take_space(lexer) ||
	    !pli_imap_lexer_take_octet(lexer, '(') ||
	    !take_items(lexer, &wanted) || !pli_imap_lexer_take_end(lexer))
		return FALSE;
	status = g_new0(Status, 1);
	status->name = pli_imap_name_parse(name);
	status->detail = (PliImapStatus){status->name, wanted};
	server->command.data = status;
	server->command.free_data = status_free;
	return TRUE;
}

static guint32
get_number(const PliMailboxStatus *status, guint32 bit)
{
	switch (bit) {
	case PLI_IMAP_STATUS_MESSAGES:
		return status->n_messages;
	case PLI_IMAP_STATUS_RECENT:
		return status->n_recent;
	case PLI_IMAP_STATUS_UIDNEXT:
		return status->uid_next;
	case PLI_IMAP_STATUS_UIDVALIDITY:
		return status->uid_validity;
	default:
		return status->n_unseen;
	}
}

static void
status_answered(PliImapServer *server, const PliAnswer *answer)
{
	Status *status = server->command.data;
	PliOutputQueue *output = &server->output;
	const char *before = "";
	g_autofree char *name = NULL;

	if (answer->verdict != PLI_VERDICT_ACCEPT) {
		pli_imap_server_refuse(server, answer, "NONEXISTENT",
		                       "No such mailbox");
		return;
	}
	name = pli_imap_name_format(status->name);
	pli_output_append_string(output, "* STATUS ");
	pli_imap_server_append_quoted(server, name);
	pli_output_append_string(output, " (");
	for (gsize i = 0; i < G_N_ELEMENTS(items); i++) {
		if (!(status->detail.items & items[i].bit))
			continue;
		pli_output_append_printf(
		        output, "%s%s %u", before, items[i].name,
		        get_number(answer->detail, items[i].bit));
		before = " ";
	}
	pli_output_append_string(output, ")\r\n");
	pli_imap_server_finish(server, PLI_IMAP_OK, NULL, "STATUS completed");
}

void
pli_imap_status_act(PliImapServer *server)
{
	Status *status = server->command.data;

	if (status->name == NULL) {
		pli_imap_server_finish(server, PLI_IMAP_NO, "NONEXISTENT",
		                       "That is no mailbox's name");
		return;
	}
	pli_imap_server_ask(server, PLI_IMAP_EVENT_STATUS, &status->detail,
	                    status_answered);
}
