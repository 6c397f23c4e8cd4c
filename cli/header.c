/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/header.h"

#include "engine/address.h"
#include "engine/date.h"
#include "engine/word.h"

char *
pli_header_dup_text(PliContext *context, const PliStructure *structure,
		    const PliPart *part, PliItemKind kind)
{
	PliItem item;

	if (!pli_structure_find_item(structure, part, kind, &item))
		return NULL;
	return pli_word_decode_dup(context, item.value);
}

char *
pli_header_dup_type(const PliStructure *structure, const PliPart *part)
{
	PliSlice type, subtype;

	pli_structure_get_type(structure, part, &type, &subtype);
	return g_strdup_printf("%.*s/%.*s", (int)type.len, type.data,
			       (int)subtype.len, subtype.data);
}

char *
pli_header_dup_id(PliContext *context, const PliStructure *structure,
		  const PliPart *part, PliItemKind kind)
{
	char *id = pli_header_dup_text(context, structure, part, kind);
	gsize len;

	if (id == NULL)
		return NULL;
	g_strstrip(id);
	len = strlen(id);
	if (len >= 2 && id[0] == '<' && id[len - 1] == '>') {
		memmove(id, id + 1, len - 2);
		id[len - 2] = '\0';
	}
	return id;
}

gboolean
pli_header_find_date(const PliStructure *structure, const PliPart *part,
		     gint64 *ret_seconds, gint *ret_zone)
{
	PliItem item;

	return pli_structure_find_item(structure, part, PLI_ITEM_DATE, &item) &&
	       pli_date_parse(item.value, ret_seconds, ret_zone);
}

/* The next mailbox, groups opened; FALSE at the end. */
static gboolean
next_mailbox(PliContext *context, PliAddressReader *reader, char **ret_name,
	     char **ret_address)
{
	PliAddress address;
	PliBuf text;

	do
		if (pli_address_reader_next(reader, &address) != PLI_STEP_READY)
			return FALSE;
	while (address.kind != PLI_ADDRESS_MAILBOX);
	pli_buf_init(&text, G_MAXSSIZE);
	pli_address_format(&address, &text);
	*ret_address = pli_buf_steal_string(&text);
	*ret_name = address.name.data != NULL
			    ? pli_word_decode_dup(context, address.name)
			    : NULL;
	return TRUE;
}

char *
pli_header_dup_addresses(PliContext *context, const PliStructure *structure,
			 const PliPart *part, PliItemKind kind, guint max)
{
	g_autoptr(PliAddressReader) reader = NULL;
	GString *text = g_string_new(NULL);
	PliItem item;
	char *name, *address;
	guint n = 0;

	if (!pli_structure_find_item(structure, part, kind, &item)) {
		g_string_free(text, TRUE);
		return NULL;
	}
	reader = pli_address_reader_new(item.value, NULL);
	while (n <= max && next_mailbox(context, reader, &name, &address)) {
		if (n > 0)
			g_string_append(text, ", ");
		if (n++ == max)
			g_string_append(text, "...");
		else if (name != NULL)
			g_string_append_printf(text, "%s <%s>", name, address);
		else
			g_string_append(text, address);
		g_free(name);
		g_free(address);
	}
	return g_string_free(text, FALSE);
}

static void
add_mailbox(PliJson *json, char *name, char *address)
{
	pli_json_begin_array(json);
	pli_json_add_string(json, name);
	pli_json_add_string(json, address);
	pli_json_end_array(json);
	g_free(name);
	g_free(address);
}

void
pli_header_add_addresses(PliContext *context, const PliStructure *structure,
			 const PliPart *part, PliItemKind kind,
			 gboolean only_first, PliJson *json)
{
	g_autoptr(PliAddressReader) reader = NULL;
	PliItem item;
	char *name, *address;

	if (pli_structure_find_item(structure, part, kind, &item))
		reader = pli_address_reader_new(item.value, NULL);
	if (only_first) {
		if (reader != NULL &&
		    next_mailbox(context, reader, &name, &address))
			add_mailbox(json, name, address);
		else
			pli_json_add_null(json);
		return;
	}
	pli_json_begin_array(json);
	while (reader != NULL && next_mailbox(context, reader, &name, &address))
		add_mailbox(json, name, address);
	pli_json_end_array(json);
}
