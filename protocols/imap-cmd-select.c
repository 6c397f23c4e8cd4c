/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SELECT (RFC 3501 6.3.1) and EXAMINE (6.3.2). */
#include "protocols/imap-name.h"
#include "protocols/imap-server-priv.h"

typedef struct {
	PliImapSelect detail;
	char *name; /* NULL: what was sent can be no mailbox's */
} Select;

static void
select_free(gpointer data)
{
	Select *select = data;

	g_free(select->name);
	g_free(select);
}

gboolean
pli_imap_select_parse(PliImapServer *server, PliImapLexer *lexer)
{
	PliSlice name;
	Select *select;

	if (!pli_imap_lexer_take_space(lexer) ||
	    !pli_imap_lexer_take_astring(lexer, &name) ||
	    !pli_imap_lexer_take_end(lexer))
		return FALSE;
	select = g_new0(Select, 1);
	select->name = pli_imap_name_parse(name);
	select->detail.name = select->name;
	select->detail.read_only =
	        strcmp(server->command.verb->name, "EXAMINE") == 0;
	server->command.data = select;
	server->command.free_data = select_free;
	return TRUE;
}

static void
append_view(PliImapServer *server, guint32 first_unseen)
{
	const PliImapMessages *messages = &server->messages;
	PliOutputQueue *output = &server->output;
	guint32 unseen = PLI_NONE;

	if (first_unseen != 0)
		unseen = pli_imap_messages_find(messages, first_unseen);
	pli_output_append_string(
	        output, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen "
	                "\\Draft)\r\n");
	/* What a client can change: \Seen, by fetching. */
	pli_output_append_printf(
	        output, "* OK [PERMANENTFLAGS (%s)] Flags that stay\r\n",
	        server->read_only ? "" : "\\Seen");
	pli_output_append_printf(output, "* %u EXISTS\r\n* %u RECENT\r\n",
	                         messages->uids->len, messages->recent->len);
	if (unseen != PLI_NONE)
		pli_output_append_printf(
		        output, "* OK [UNSEEN %u] First unseen message\r\n",
		        unseen + 1);
	pli_output_append_printf(output,
	                         "* OK [UIDVALIDITY %u] UIDs are valid\r\n"
	                         "* OK [UIDNEXT %u] Predicted next UID\r\n",
	                         messages->status.uid_validity,
	                         messages->status.uid_next);
}

static void
select_answered(PliImapServer *server, const PliAnswer *answer)
{
	Select *select = server->command.data;
	PliImapView *view = answer->detail;

	if (answer->verdict != PLI_VERDICT_ACCEPT) {
		pli_imap_server_refuse(server, answer, "NONEXISTENT",
		                       "No such mailbox");
		return;
	}
	server->phase = PLI_IMAP_PHASE_SELECTED;
	server->read_only = select->detail.read_only;
	pli_imap_messages_set(&server->messages, view);
	append_view(server, view->first_unseen);
	pli_imap_server_finish(server, PLI_IMAP_OK,
	                       server->read_only ? "READ-ONLY" : "READ-WRITE",
	                       "completed");
}

void
pli_imap_select_act(PliImapServer *server)
{
	Select *select = server->command.data;

	/* Also when it fails, nothing is selected afterwards. */
	pli_imap_server_unselect(server);
	if (select->name == NULL) {
		pli_imap_server_finish(server, PLI_IMAP_NO, "NONEXISTENT",
		                       "That is no mailbox's name");
		return;
	}
	pli_imap_server_ask(server, PLI_IMAP_EVENT_SELECT, &select->detail,
	                    select_answered);
}
