/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The items of a FETCH (RFC 3501 6.4.5, 9 "fetch-att"). */
#include "protocols/imap-fetch-priv.h"

static const struct {
	const char *name;
	PliImapItemKind kind;
} plain_items[] = {
	{"UID", PLI_IMAP_ITEM_UID},
	{"FLAGS", PLI_IMAP_ITEM_FLAGS},
	{"INTERNALDATE", PLI_IMAP_ITEM_INTERNALDATE},
	{"RFC822.SIZE", PLI_IMAP_ITEM_SIZE},
	{"ENVELOPE", PLI_IMAP_ITEM_ENVELOPE},
	{"BODYSTRUCTURE", PLI_IMAP_ITEM_BODYSTRUCTURE},
	{"BODY", PLI_IMAP_ITEM_BODY},
};

/* Names of RFC 822 days for sections. */
static const struct {
	const char *name;
	PliSectionText text;
	gboolean peek;
} old_items[] = {
	{"RFC822", PLI_SECTION_WHOLE, FALSE},
	{"RFC822.HEADER", PLI_SECTION_HEADER, TRUE},
	{"RFC822.TEXT", PLI_SECTION_TEXT, FALSE},
};

static const struct {
	const char *name;
	const char *items[6];
} macros[] = {
	{"FAST", {"FLAGS", "INTERNALDATE", "RFC822.SIZE"}},
	{"ALL", {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"}},
	{"FULL", {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"}},
};

void
pli_imap_item_clear(PliImapItem *item)
{
	g_clear_pointer(&item->label, g_free);
	g_clear_pointer(&item->names, pli_imap_field_names_free);
}

/* Takes over what `item` holds. */
static gboolean
add_item(PliImapFetching *fetching, PliImapLexer *lexer, PliImapItem *item)
{
	if (fetching->items->len >= PLI_IMAP_FETCH_ITEMS) {
		pli_imap_item_clear(item);
		return pli_imap_lexer_fail(lexer, "Too many items");
	}
	switch (item->kind) {
	case PLI_IMAP_ITEM_ENVELOPE:
		fetching->columns |= PLI_ROW_ENVELOPE;
		break;
	case PLI_IMAP_ITEM_BODYSTRUCTURE:
		fetching->columns |= PLI_ROW_BODYSTRUCTURE;
		break;
	case PLI_IMAP_ITEM_SECTION:
		fetching->needs_message = TRUE;
		fetching->sets_seen |= !item->peek;
		/* fall through */
	case PLI_IMAP_ITEM_BODY:
		fetching->needs_structure = TRUE;
		fetching->columns |= PLI_ROW_STRUCTURE;
		break;
	default:
		break;
	}
	g_array_append_val(fetching->items, *item);
	return TRUE;
}

static gboolean
add_plain(PliImapFetching *fetching, PliImapLexer *lexer, PliSlice name)
{
	PliImapItem item = {.count = G_MAXUINT64};

	for (gsize i = 0; i < G_N_ELEMENTS(plain_items); i++) {
		if (!pli_slice_is(name, plain_items[i].name))
			continue;
		item.kind = plain_items[i].kind;
		item.label = g_strdup(plain_items[i].name);
		return add_item(fetching, lexer, &item);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(old_items); i++) {
		if (!pli_slice_is(name, old_items[i].name))
			continue;
		item.kind = PLI_IMAP_ITEM_SECTION;
		item.label = g_strdup(old_items[i].name);
		item.section.text = old_items[i].text;
		item.peek = old_items[i].peek;
		return add_item(fetching, lexer, &item);
	}
	return pli_imap_lexer_fail(lexer, "Unknown item");
}

static void
append_field_name(GString *label, PliSlice name)
{
	gboolean is_atom = TRUE;

	for (gsize i = 0; i < name.len; i++)
		is_atom &= name.data[i] != ' ' &&
		           strchr("(){%*\"\\]", name.data[i]) == NULL;
	if (!is_atom)
		g_string_append_c(label, '"');
	for (gsize i = 0; i < name.len; i++) {
		if (name.data[i] == '"' || name.data[i] == '\\')
			g_string_append_c(label, '\\');
		g_string_append_c(label, name.data[i]);
	}
	if (!is_atom)
		g_string_append_c(label, '"');
}

/* " (DATE FROM)" */
static gboolean
take_names(PliImapItem *item, PliImapLexer *lexer, GString *label)
{
	item->names = pli_imap_field_names_new();
	if (!pli_imap_lexer_take_space(lexer) ||
	    !pli_imap_lexer_take_octet(lexer, '('))
		return FALSE;
	g_string_append(label, " (");
	for (;;) {
		PliSlice name;

		if (!pli_imap_lexer_take_astring(lexer, &name))
			return FALSE;
		if (!pli_imap_field_names_add(item->names, name))
			return pli_imap_lexer_fail(
			        lexer, "That is no header field's name");
		append_field_name(label, name);
		if (pli_imap_lexer_get_next(lexer) == ')')
			break;
		if (!pli_imap_lexer_take_space(lexer))
			return FALSE;
		g_string_append_c(label, ' ');
	}
	g_string_append_c(label, ')');
	return pli_imap_lexer_take_octet(lexer, ')');
}

/* "<0.2048>", if it is there; only the origin is said again. */
static gboolean
take_partial(PliImapItem *item, PliImapLexer *lexer, GString *label)
{
	item->count = G_MAXUINT64;
	if (pli_imap_lexer_get_next(lexer) != '<')
		return TRUE;
	lexer->at++;
	if (!pli_imap_lexer_take_number64(lexer, &item->origin) ||
	    !pli_imap_lexer_take_octet(lexer, '.') ||
	    !pli_imap_lexer_take_number64(lexer, &item->count) ||
	    !pli_imap_lexer_take_octet(lexer, '>'))
		return FALSE;
	if (item->count == 0)
		return pli_imap_lexer_fail(lexer, "A part of no octets");
	g_string_append_printf(label, "<%" G_GUINT64_FORMAT ">", item->origin);
	return TRUE;
}

static gboolean
take_section(PliImapItem *item, PliImapLexer *lexer, GString *label)
{
	PliSlice spec;
	PliSectionText text;

	if (!pli_imap_lexer_take_octet(lexer, '[') ||
	    !pli_imap_lexer_take_section(lexer, &spec))
		return FALSE;
	if (!pli_section_parse(spec, &item->section))
		return pli_imap_lexer_fail(lexer, "That is no section");
	for (gsize i = 0; i < spec.len; i++)
		g_string_append_c(label, g_ascii_toupper(spec.data[i]));
	text = item->section.text;
	if ((text == PLI_SECTION_FIELDS || text == PLI_SECTION_FIELDS_NOT) &&
	    !take_names(item, lexer, label))
		return FALSE;
	g_string_append_c(label, ']');
	return pli_imap_lexer_take_octet(lexer, ']') &&
	       take_partial(item, lexer, label);
}

static gboolean
take_item(PliImapFetching *fetching, PliImapLexer *lexer, PliSlice name)
{
	g_autoptr(GString) label = g_string_new("BODY[");
	PliImapItem item = {.kind = PLI_IMAP_ITEM_SECTION};

	if (pli_imap_lexer_get_next(lexer) != '[')
		return add_plain(fetching, lexer, name);
	item.peek = pli_slice_is(name, "BODY.PEEK");
	if (!item.peek && !pli_slice_is(name, "BODY"))
		return pli_imap_lexer_fail(lexer, "Unknown item");
	if (!take_section(&item, lexer, label)) {
		pli_imap_item_clear(&item);
		return FALSE;
	}
	item.label = g_strndup(label->str, label->len);
	return add_item(fetching, lexer, &item);
}

static gboolean
take_list(PliImapFetching *fetching, PliImapLexer *lexer)
{
	for (;;) {
		PliSlice name;

		if (!pli_imap_lexer_take_item(lexer, &name) ||
		    !take_item(fetching, lexer, name))
			return FALSE;
		if (pli_imap_lexer_get_next(lexer) == ')')
			return pli_imap_lexer_take_octet(lexer, ')');
		if (!pli_imap_lexer_take_space(lexer))
			return FALSE;
	}
}

gboolean
pli_imap_fetch_parse_items(PliImapFetching *fetching, PliImapLexer *lexer)
{
	PliSlice name;

	if (pli_imap_lexer_get_next(lexer) == '(') {
		lexer->at++;
		return take_list(fetching, lexer);
	}
	if (!pli_imap_lexer_take_item(lexer, &name))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(macros); i++) {
		if (!pli_slice_is(name, macros[i].name))
			continue;
		for (const char *const *item = macros[i].items; *item; item++)
			if (!add_plain(fetching, lexer,
			               pli_slice_from_string(*item)))
				return FALSE;
		return TRUE;
	}
	return take_item(fetching, lexer, name);
}
