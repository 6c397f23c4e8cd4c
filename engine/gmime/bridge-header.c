/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Header fields for GMime: nothing that it would recurse over or misread. */
#include "engine/gmime/bridge-priv.h"

#include "engine/date.h"
#include "engine/header-writer.h"
#include "engine/word.h"

#define MAX_FIELD (64 * 1024)
#define MAX_ADDRESSES 1000

static const char *const address_fields[] = {
	"From",		 "Sender",	   "Reply-To",	    "To",
	"Cc",		 "Bcc",		   "Resent-From",   "Resent-Sender",
	"Resent-To",	 "Resent-Cc",	   "Resent-Bcc",    "Resent-Reply-To",
	"Delivered-To",	 "Return-Receipt-To",
	"Disposition-Notification-To", NULL};

static const char *const id_fields[] = {"Message-ID", "In-Reply-To",
					"References", "Resent-Message-ID",
					NULL};

static gboolean
is_one_of(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (g_ascii_strcasecmp(name, *names) == 0)
			return TRUE;
	return FALSE;
}

static void
append(GMimeMessage *to, const char *name, const char *value)
{
	g_mime_header_list_append(
		g_mime_object_get_header_list(GMIME_OBJECT(to)), name, value,
		"utf-8");
}

/* Closed groups, no routes and comments, names as GMime reads them back. */
static char *
dup_addresses(PliContext *context, const char *name, PliSlice value)
{
	PliLimits limits = pli_limits_default;
	g_autoptr(PliAddressReader) reader = NULL;
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(PliAddress));
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_auto(PliBuf) out = {.ceiling = 4 * 1024 * 1024};
	PliAddress address;

	limits.addresses = MAX_ADDRESSES;
	reader = pli_address_reader_new(value, &limits);
	while (pli_address_reader_next(reader, &address) == PLI_STEP_READY) {
		PliSlice *const parts[] = {&address.local, &address.domain};
		char *word = pli_word_decode_dup(context, address.name);

		g_ptr_array_add(texts, word);
		address.name = pli_slice_from_string(word);
		for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
			g_ptr_array_add(texts, pli_slice_dup(*parts[i]));
			*parts[i] = pli_slice_new(
				g_ptr_array_index(texts, texts->len - 1),
				parts[i]->len);
		}
		address.route = PLI_SLICE_NONE;
		if (address.kind != PLI_ADDRESS_MAILBOX ||
		    (address.local.len > 0 && address.domain.len > 0))
			g_array_append_val(list, address);
	}
	if (list->len == 0 ||
	    !pli_header_writer_add_addresses(
		    &out, PLI_HEADER_WRITER_UTF8, name,
		    (const PliAddress *)(void *)list->data, list->len, NULL))
		return NULL;
	pli_buf_remove_head(&out, strlen(name) + 1);
	return pli_buf_steal_string(&out);
}

/* "<a@b> <c@d>", what else there is left out. */
static char *
dup_ids(PliSlice value)
{
	g_autoptr(GString) ids = g_string_new(NULL);

	while (value.len > 0) {
		const guint8 *start = memchr(value.data, '<', value.len);
		gsize n = 0;

		if (start == NULL)
			break;
		value = pli_slice_skip(value, (gsize)(start - value.data) + 1);
		while (n < value.len && value.data[n] > ' ' &&
		       value.data[n] < 127 &&
		       strchr("<>()\"\\", value.data[n]) == NULL)
			n++;
		if (n > 0 && n < value.len && value.data[n] == '>')
			g_string_append_printf(ids, "%s<%.*s>",
					       ids->len > 0 ? " " : "", (int)n,
					       value.data);
		value = pli_slice_skip(value, n);
	}
	return ids->len > 0 ? g_strdup(ids->str) : NULL;
}

static char *
dup_date(PliSlice value)
{
	gint64 seconds;
	gint zone;
	char text[40];

	if (!pli_date_parse(value, &seconds, &zone))
		return NULL;
	pli_date_format(seconds, zone, text);
	return g_strdup(text);
}

static void
copy_field(PliContext *context, GMimeMessage *to, const char *name,
	   PliSlice value)
{
	g_autofree char *text = NULL;

	if (is_one_of(name, address_fields))
		text = dup_addresses(context, name, value);
	else if (is_one_of(name, id_fields))
		text = dup_ids(value);
	else if (g_ascii_strcasecmp(name, "Date") == 0 ||
		 g_ascii_strcasecmp(name, "Resent-Date") == 0)
		text = dup_date(value);
	else
		text = pli_word_decode_dup(context, value);
	if (text != NULL)
		append(to, name, g_strstrip(text));
}

static gboolean
is_content(const char *name)
{
	return g_ascii_strncasecmp(name, "Content-", 8) == 0 ||
	       g_ascii_strcasecmp(name, "MIME-Version") == 0;
}

static gboolean
is_name(PliSlice name)
{
	for (gsize i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] >= 127)
			return FALSE;
	return name.len > 0;
}

void
pli_bridge_copy_fields(PliContext *context, PliLeafSources *sources,
		       const PliPart *part, GMimeMessage *to)
{
	for (guint32 i = 0; i < part->n_fields; i++) {
		g_autoptr(GBytes) octets = NULL;
		g_autofree char *name = NULL;
		PliSlice text;
		PliField field;

		pli_structure_get_field(sources->structure,
					part->first_field + i, &field);
		if (field.flags & (PLI_FIELD_MALFORMED | PLI_FIELD_CUT) ||
		    field.span.length > MAX_FIELD)
			continue;
		octets = pli_leaf_read_span(sources, &field.span, MAX_FIELD,
					    NULL);
		if (octets == NULL)
			continue;
		text = pli_slice_from_bytes(octets);
		if (!is_name(pli_slice_new(text.data, field.name_length)))
			continue;
		name = pli_slice_dup(
			pli_slice_new(text.data, field.name_length));
		if (!is_content(name))
			copy_field(context, to, name,
				   pli_slice_skip(text, field.value_start));
	}
}
