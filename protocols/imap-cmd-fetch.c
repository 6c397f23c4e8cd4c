/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FETCH and UID FETCH (RFC 9051 6.4.5, 6.4.9): a batch of rows at a time, one
 * message at a time. */
#include "protocols/imap-fetch-priv.h"

static void
end_row(PliImapFetching *fetching)
{
	if (fetching->has_body)
		pli_imap_body_clear(&fetching->body);
	fetching->has_body = FALSE;
	fetching->in_body = FALSE;
	g_clear_pointer(&fetching->structure, pli_structure_unref);
	g_clear_pointer(&fetching->message, pli_source_unref);
	g_clear_pointer(&fetching->decoded, pli_source_unref);
	fetching->message_lost = FALSE;
	fetching->seen_asked = FALSE;
	fetching->show_flags = FALSE;
	fetching->begun = FALSE;
	fetching->item = 0;
}

static void
fetching_free(gpointer data)
{
	PliImapFetching *fetching = data;

	end_row(fetching);
	g_clear_pointer(&fetching->rows, g_array_unref);
	g_array_unref(fetching->items);
	g_clear_pointer(&fetching->ranges, g_array_unref);
	g_free(fetching);
}

static gboolean
has_item(const PliImapFetching *fetching, PliImapItemKind kind)
{
	for (guint i = 0; i < fetching->items->len; i++)
		if (g_array_index(fetching->items, PliImapItem, i).kind == kind)
			return TRUE;
	return FALSE;
}

gboolean
pli_imap_fetch_parse(PliImapServer *server, PliImapLexer *lexer)
{
	PliImapFetching *fetching = g_new0(PliImapFetching, 1);
	PliImapItem uid = {.kind = PLI_IMAP_ITEM_UID};
	GArray *positions;

	server->command.data = fetching;
	server->command.free_data = fetching_free;
	fetching->items = g_array_new(FALSE, FALSE, sizeof(PliImapItem));
	g_array_set_clear_func(fetching->items,
	                       (GDestroyNotify)pli_imap_item_clear);
	fetching->ranges = g_array_new(FALSE, FALSE, sizeof(PliImapRange));
	if (!pli_imap_lexer_take_space(lexer) ||
	    !pli_imap_lexer_take_sequence(lexer, fetching->ranges) ||
	    !pli_imap_lexer_take_space(lexer) ||
	    !pli_imap_fetch_parse_items(fetching, lexer) ||
	    !pli_imap_lexer_take_end(lexer))
		return FALSE;
	if (server->command.by_uid && !has_item(fetching, PLI_IMAP_ITEM_UID))
		g_array_prepend_val(fetching->items, uid);
	positions = pli_imap_messages_resolve(
	        &server->messages, fetching->ranges, server->command.by_uid);
	if (positions == NULL)
		return pli_imap_lexer_fail(lexer, "No such message");
	g_array_unref(fetching->ranges);
	fetching->ranges = positions;
	if (positions->len > 0)
		fetching->position =
		        g_array_index(positions, PliImapRange, 0).first;
	return TRUE;
}

static void
finish(PliImapServer *server, const PliImapFetching *fetching)
{
	gboolean by_uid = server->command.by_uid;

	/* RFC 9051 7.5.1: no EXPUNGE while a FETCH is in progress. */
	if (fetching->some_unreadable)
		pli_imap_poll_finish(server, by_uid, PLI_IMAP_NO, "UNAVAILABLE",
		                     "Some messages cannot be read");
	else if (fetching->some_gone)
		pli_imap_poll_finish(server, by_uid, PLI_IMAP_NO,
		                     "EXPUNGEISSUED", "Some messages are gone");
	else
		pli_imap_poll_finish(server, by_uid, PLI_IMAP_OK, NULL,
		                     "FETCH completed");
}

static void
rows_answered(PliImapServer *server, const PliAnswer *answer)
{
	PliImapFetching *fetching = server->command.data;

	if (answer->verdict != PLI_VERDICT_ACCEPT) {
		pli_imap_server_refuse(server, answer, NULL,
		                       "The messages cannot be read");
		return;
	}
	fetching->rows = answer->detail;
	g_assert(fetching->rows != NULL);
	fetching->row = 0;
	if (fetching->rows->len < fetching->detail.fetch.n_uids)
		fetching->some_gone = TRUE;
}

/* Asks for the next rows; when there are none, the command ends. */
static void
next_batch(PliImapServer *server, PliImapFetching *fetching)
{
	const GArray *uids = server->messages.uids;
	guint n = 0;

	while (n < PLI_IMAP_FETCH_BATCH &&
	       fetching->range < fetching->ranges->len) {
		const PliImapRange *range = &g_array_index(
		        fetching->ranges, PliImapRange, fetching->range);

		fetching->uids[n++] =
		        g_array_index(uids, guint32, fetching->position);
		if (fetching->position < range->last)
			fetching->position++;
		else if (++fetching->range < fetching->ranges->len)
			fetching->position = range[1].first;
	}
	if (n == 0) {
		finish(server, fetching);
		return;
	}
	fetching->detail.fetch =
	        (PliImapFetch){fetching->uids, n, fetching->columns};
	pli_imap_server_ask(server, PLI_IMAP_EVENT_FETCH,
	                    &fetching->detail.fetch, rows_answered);
}

static void
next_row(PliImapFetching *fetching)
{
	end_row(fetching);
	if (++fetching->row == fetching->rows->len)
		g_clear_pointer(&fetching->rows, g_array_unref);
}

static void
message_answered(PliImapServer *server, const PliAnswer *answer)
{
	PliImapFetching *fetching = server->command.data;
	guint64 length;

	if (answer->verdict != PLI_VERDICT_ACCEPT) {
		fetching->message_lost = TRUE;
		if (answer->verdict == PLI_VERDICT_REFUSE)
			fetching->some_gone = TRUE;
		else
			fetching->some_unreadable = TRUE;
		return;
	}
	fetching->message = answer->detail;
	g_assert(fetching->message != NULL);
	length = pli_source_get_length(fetching->message);
	if (length < pli_structure_get_length(fetching->structure)) {
		fetching->message_lost = TRUE;
		fetching->some_unreadable = TRUE;
	}
}

static void
flags_answered(PliImapServer *server, const PliAnswer *answer)
{
	PliImapFetching *fetching = server->command.data;
	PliMailboxRow *row = &g_array_index(fetching->rows, PliMailboxRow,
	                                    fetching->row);
	const guint32 *flags = answer->detail;

	if (answer->verdict != PLI_VERDICT_ACCEPT)
		return;
	g_assert(flags != NULL);
	fetching->show_flags = *flags != row->flags &&
	                       !has_item(fetching, PLI_IMAP_ITEM_FLAGS);
	row->flags = *flags;
}

/* The row has what the items need. */
static gboolean
has_columns(PliImapFetching *fetching, const PliMailboxRow *row)
{
	guint32 columns = fetching->columns;

	if (((columns & PLI_ROW_ENVELOPE) && row->envelope == NULL) ||
	    ((columns & PLI_ROW_BODYSTRUCTURE) && row->bodystructure == NULL) ||
	    ((columns & PLI_ROW_STRUCTURE) && row->structure == NULL))
		return FALSE;
	if (fetching->needs_structure && fetching->structure == NULL)
		fetching->structure = pli_structure_open(row->structure, NULL);
	return !fetching->needs_structure || fetching->structure != NULL;
}

/* Asks for what the row still needs. FALSE: it has all, or is passed over. */
static gboolean
prepare_row(PliImapServer *server, PliImapFetching *fetching,
            const PliMailboxRow *row)
{
	if (fetching->needs_message && fetching->message == NULL) {
		fetching->detail.message = (PliImapMessage){row->uid};
		pli_imap_server_ask(server, PLI_IMAP_EVENT_MESSAGE,
		                    &fetching->detail.message,
		                    message_answered);
		return TRUE;
	}
	if (fetching->sets_seen && !server->read_only &&
	    !(row->flags & PLI_FLAG_SEEN) && !fetching->seen_asked) {
		fetching->seen_asked = TRUE;
		fetching->detail.flags =
		        (PliImapFlags){row->uid, PLI_FLAG_SEEN, 0};
		pli_imap_server_ask(server, PLI_IMAP_EVENT_FLAGS,
		                    &fetching->detail.flags, flags_answered);
		return TRUE;
	}
	return FALSE;
}

static void
start_row(PliImapServer *server, PliImapFetching *fetching)
{
	const PliMailboxRow *row = &g_array_index(
	        fetching->rows, PliMailboxRow, fetching->row);
	guint32 position = pli_imap_messages_find(&server->messages, row->uid);

	if (position == PLI_NONE || fetching->message_lost) {
		next_row(fetching);
		return;
	}
	if (!has_columns(fetching, row)) {
		fetching->some_unreadable = TRUE;
		next_row(fetching);
		return;
	}
	if (prepare_row(server, fetching, row))
		return;
	pli_output_append_printf(&server->output, "* %u FETCH (", position + 1);
	if (fetching->show_flags) {
		pli_imap_item_send_flags(server, row);
		pli_output_append_string(&server->output, " ");
	}
	fetching->begun = TRUE;
}

static PliStep
fetch_resume(PliImapServer *server)
{
	PliImapFetching *fetching = server->command.data;
	PliStep step;

	if (fetching->rows != NULL && fetching->rows->len == 0)
		g_clear_pointer(&fetching->rows, g_array_unref);
	if (fetching->rows == NULL) {
		next_batch(server, fetching);
		return PLI_STEP_READY;
	}
	if (!fetching->begun) {
		start_row(server, fetching);
		return PLI_STEP_READY;
	}
	step = pli_imap_item_send(server, fetching);
	if (step != PLI_STEP_READY)
		return step;
	if (++fetching->item < fetching->items->len) {
		pli_output_append_string(&server->output, " ");
		return PLI_STEP_READY;
	}
	pli_output_append_string(&server->output, ")\r\n");
	next_row(fetching);
	return PLI_STEP_READY;
}

void
pli_imap_fetch_act(PliImapServer *server)
{
	server->command.resume = fetch_resume;
}
