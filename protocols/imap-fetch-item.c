/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One item of a FETCH response (RFC 9051 7.5.2). */
#include "engine/bodystructure.h"
#include "engine/decoded-source.h"
#include "protocols/imap-fetch-priv.h"

/* Far more than PliLimits let a structure say. */
#define BODY_OCTETS (64 * 1024 * 1024)

static const struct {
	guint32 bit;
	const char *name;
} flag_names[] = {
	{PLI_FLAG_ANSWERED, "\\Answered"}, {PLI_FLAG_FLAGGED, "\\Flagged"},
	{PLI_FLAG_DELETED, "\\Deleted"},   {PLI_FLAG_SEEN, "\\Seen"},
	{PLI_FLAG_DRAFT, "\\Draft"},       {PLI_FLAG_RECENT, "\\Recent"},
};

void
pli_imap_item_send_flags(PliImapServer *server, const PliMailboxRow *row)
{
	guint32 flags = row->flags & ~(guint32)PLI_FLAG_RECENT;
	const char *before = "";

	if (pli_imap_messages_is_recent(&server->messages, row->uid))
		flags |= PLI_FLAG_RECENT;
	pli_output_append_string(&server->output, "FLAGS (");
	for (gsize i = 0; i < G_N_ELEMENTS(flag_names); i++) {
		if (!(flags & flag_names[i].bit))
			continue;
		pli_output_append_printf(&server->output, "%s%s", before,
		                         flag_names[i].name);
		before = " ";
	}
	pli_output_append_string(&server->output, ")");
}

/* RFC 9051 9 "date-time", in UTC. */
static void
append_date(PliImapServer *server, gint64 seconds)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr",
	                                     "May", "Jun", "Jul", "Aug",
	                                     "Sep", "Oct", "Nov", "Dec"};
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);

	if (date == NULL)
		date = g_date_time_new_from_unix_utc(0);
	pli_output_append_printf(
	        &server->output,
	        "INTERNALDATE \"%2d-%s-%04d %02d:%02d:%02d +0000\"",
	        g_date_time_get_day_of_month(date),
	        months[g_date_time_get_month(date) - 1],
	        g_date_time_get_year(date), g_date_time_get_hour(date),
	        g_date_time_get_minute(date), g_date_time_get_second(date));
}

static void
append_bytes(PliImapServer *server, const char *label, GBytes *bytes)
{
	gsize len;
	gconstpointer data = g_bytes_get_data(bytes, &len);

	pli_output_append_printf(&server->output, "%s ", label);
	pli_output_append(&server->output, pli_slice_new(data, len));
}

static PliStep
append_body(PliImapServer *server, const PliStructure *structure)
{
	g_auto(PliBuf) buf = {0};

	pli_buf_init(&buf, BODY_OCTETS);
	if (!pli_bodystructure_format(structure, FALSE, &buf))
		return PLI_STEP_FAIL;
	pli_output_append_string(&server->output, "BODY ");
	pli_output_append(&server->output, pli_buf_slice(&buf));
	return PLI_STEP_READY;
}

/* The message, or what it encloses encoded: kept for the items that follow. */
static PliSource *
get_source(PliImapFetching *fetching, guint32 index)
{
	if (index == 0)
		return fetching->message;
	if (fetching->decoded == NULL || fetching->decoded_index != index) {
		pli_source_unref(fetching->decoded);
		fetching->decoded = pli_decoded_source_new(
		        fetching->structure, fetching->message, index);
		fetching->decoded_index = index;
	}
	return fetching->decoded;
}

static guint
get_body_flags(const PliStructure *structure, guint32 source)
{
	guint flags = 0;

	/* not scanned for NULs as a whole; no line mode */
	if (source > 0)
		return PLI_IMAP_BODY_NUL;
	if (pli_structure_get_line_mode(structure) == PLI_LINE_LF_FILE)
		flags |= PLI_IMAP_BODY_LF;
	if (pli_structure_get_flags(structure) & PLI_STRUCTURE_HAS_NUL)
		flags |= PLI_IMAP_BODY_NUL;
	return flags;
}

/* Which octets a section means, and of which source. *ret_exists is FALSE when
 * it names none. */
static PliStep
find_body(PliImapFetching *fetching, const PliImapItem *item,
          gboolean *ret_exists)
{
	PliImapBody *body = &fetching->body;
	const PliStructure *structure = fetching->structure;
	PliSectionText text = item->section.text;
	guint64 bare_lf;
	guint32 part;
	PliSpan span;

	*ret_exists = pli_section_find_span(structure, &item->section, &part,
	                                    &span, &bare_lf);
	if (!*ret_exists)
		return PLI_STEP_READY;
	if (!fetching->has_body) {
		fetching->has_body = TRUE;
		memset(&fetching->picking, 0, sizeof fetching->picking);
		pli_imap_body_init(body, get_source(fetching, span.source),
		                   get_body_flags(structure, span.source));
		body->source_index = span.source;
	}
	if (text == PLI_SECTION_FIELDS || text == PLI_SECTION_FIELDS_NOT)
		return pli_imap_field_names_pick(
		        item->names, text == PLI_SECTION_FIELDS_NOT, structure,
		        part, &fetching->picking, body);
	pli_imap_body_add(body, (PliImapPiece){span.offset, span.length,
	                                       bare_lf});
	return PLI_STEP_READY;
}

static PliStep
start_section(PliImapServer *server, PliImapFetching *fetching,
              const PliImapItem *item)
{
	const PliMailboxRow *row = &g_array_index(
	        fetching->rows, PliMailboxRow, fetching->row);
	gboolean exists;
	guint64 n;
	PliStep step;

	step = find_body(fetching, item, &exists);
	if (step != PLI_STEP_READY)
		return step;
	if (!exists) {
		pli_output_append_printf(&server->output, "%s NIL",
		                         item->label);
		return PLI_STEP_READY;
	}
	n = pli_imap_body_start(&fetching->body, item->origin, item->count,
	                        row->uid, &server->mark);
	if (n == 0)
		pli_output_append_printf(&server->output, "%s \"\"",
		                         item->label);
	else
		pli_output_append_printf(&server->output,
		                         "%s {%" G_GUINT64_FORMAT "}\r\n",
		                         item->label, n);
	fetching->in_body = TRUE;
	return PLI_STEP_READY;
}

static PliStep
send_section(PliImapServer *server, PliImapFetching *fetching,
             const PliImapItem *item)
{
	PliStep step;

	if (!fetching->in_body) {
		step = start_section(server, fetching, item);
		if (step != PLI_STEP_READY || !fetching->has_body)
			return step;
	}
	step = pli_imap_body_next(&fetching->body, &server->output);
	if (step != PLI_STEP_READY)
		return step;
	pli_imap_body_get_mark(&fetching->body, &server->mark);
	pli_imap_body_clear(&fetching->body);
	fetching->has_body = FALSE;
	fetching->in_body = FALSE;
	return PLI_STEP_READY;
}

PliStep
pli_imap_item_send(PliImapServer *server, PliImapFetching *fetching)
{
	const PliMailboxRow *row = &g_array_index(
	        fetching->rows, PliMailboxRow, fetching->row);
	const PliImapItem *item = &g_array_index(fetching->items, PliImapItem,
	                                         fetching->item);

	switch (item->kind) {
	case PLI_IMAP_ITEM_UID:
		pli_output_append_printf(&server->output, "UID %u", row->uid);
		break;
	case PLI_IMAP_ITEM_FLAGS:
		pli_imap_item_send_flags(server, row);
		break;
	case PLI_IMAP_ITEM_INTERNALDATE:
		append_date(server, row->internal_date);
		break;
	case PLI_IMAP_ITEM_SIZE:
		pli_output_append_printf(&server->output,
		                         "RFC822.SIZE %" G_GUINT64_FORMAT,
		                         row->size);
		break;
	case PLI_IMAP_ITEM_ENVELOPE:
		append_bytes(server, item->label, row->envelope);
		break;
	case PLI_IMAP_ITEM_BODYSTRUCTURE:
		append_bytes(server, item->label, row->bodystructure);
		break;
	case PLI_IMAP_ITEM_BODY:
		return append_body(server, fetching->structure);
	case PLI_IMAP_ITEM_SECTION:
		return send_section(server, fetching, item);
	}
	return PLI_STEP_READY;
}
