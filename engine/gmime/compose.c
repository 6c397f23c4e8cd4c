/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/gmime/compose.h"

#include "engine/date.h"
#include "engine/word.h"

/* Of one field; a message to more is a mailing list. */
#define MAX_ADDRESSES 100000

static PliHeaderWriterFlags
get_flags(const PliComposeHeader *header)
{
	return header->utf8 ? PLI_HEADER_WRITER_UTF8 : PLI_HEADER_WRITER_ASCII;
}

static gboolean
set_value(GError **error, const char *name, const char *what)
{
	g_set_error(error, PLI_ENTITY_ERROR, PLI_ENTITY_ERROR_VALUE, "%s: %s",
		    name, what);
	return FALSE;
}

/* Addresses that outlive their reader. */
typedef struct {
	GArray *list;
	GPtrArray *texts;
} Addresses;

static PliSlice
keep(Addresses *addresses, char *text)
{
	g_ptr_array_add(addresses->texts, text);
	return pli_slice_from_string(text);
}

static PliSlice
keep_slice(Addresses *addresses, PliSlice slice)
{
	return slice.data != NULL ? keep(addresses, pli_slice_dup(slice))
				  : PLI_SLICE_NONE;
}

/* FALSE at what is no address that can be written. */
static gboolean
read_addresses(PliContext *context, Addresses *addresses, const char *text)
{
	PliLimits limits = pli_limits_default;
	g_autoptr(PliAddressReader) reader = NULL;
	PliAddress address;

	limits.addresses = MAX_ADDRESSES;
	reader = pli_address_reader_new(pli_slice_from_string(text), &limits);
	while (pli_address_reader_next(reader, &address) == PLI_STEP_READY) {
		if (address.name.data != NULL)
			address.name = keep(
				addresses,
				pli_word_decode_dup(context, address.name));
		address.local = keep_slice(addresses, address.local);
		address.domain = keep_slice(addresses, address.domain);
		address.route = PLI_SLICE_NONE;
		if (address.kind == PLI_ADDRESS_MAILBOX &&
		    (address.local.len == 0 || address.domain.len == 0))
			return FALSE;
		g_array_append_val(addresses->list, address);
	}
	return addresses->list->len > 0;
}

static gboolean
add_addresses(PliBuf *out, PliContext *context, const PliComposeHeader *header,
	      const char *name, const char *text, GError **error)
{
	Addresses addresses = {
		g_array_new(FALSE, FALSE, sizeof(PliAddress)),
		g_ptr_array_new_with_free_func(g_free)};
	gboolean good;

	if (text == NULL)
		good = TRUE;
	else if (!read_addresses(context, &addresses, text))
		good = set_value(error, name, "an address is expected");
	else
		good = pli_header_writer_add_addresses(
			out, get_flags(header), name,
			(const PliAddress *)(void *)addresses.list->data,
			addresses.list->len, error);
	g_array_unref(addresses.list);
	g_ptr_array_unref(addresses.texts);
	return good;
}

static gboolean
add_structured(PliBuf *out, const PliComposeHeader *header, const char *name,
	       const char *value, GError **error)
{
	return value == NULL ||
	       pli_header_writer_add_structured(out, get_flags(header), name,
						pli_slice_from_string(value),
						error);
}

/* RFC 5322 3.6.4, as far as readers go wrong otherwise. */
static gboolean
is_message_id(const char *id)
{
	const char *at = strrchr(id, '@');

	return at != NULL && at > id && at[1] != '\0' &&
	       strpbrk(id, " \t\r\n<>(),;\"") == NULL;
}

static gboolean
add_ids(PliBuf *out, const PliComposeHeader *header, GError **error)
{
	g_autofree char *id = NULL;

	if (header->message_id != NULL) {
		if (!is_message_id(header->message_id))
			return set_value(error, "Message-ID",
					 "left@right is expected");
		id = g_strdup_printf("<%s>", header->message_id);
	}
	return add_structured(out, header, "Message-ID", id, error) &&
	       add_structured(out, header, "In-Reply-To", header->in_reply_to,
			      error) &&
	       add_structured(out, header, "References", header->references,
			      error) &&
	       add_structured(out, header, "Auto-Submitted",
			      header->auto_submitted, error);
}

/* Fields that are written elsewhere, or would be a second one. */
static gboolean
is_reserved(const char *name)
{
	static const char *const names[] = {
		"Date",	       "From",	     "Sender",	   "Reply-To",
		"To",	       "Cc",	     "Bcc",	   "Subject",
		"Message-ID",  "In-Reply-To", "References", "Auto-Submitted",
		"MIME-Version"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_ascii_strcasecmp(name, names[i]) == 0)
			return TRUE;
	return g_ascii_strncasecmp(name, "Content-", 8) == 0;
}

static gboolean
add_more(PliBuf *out, const PliComposeHeader *header, GError **error)
{
	for (gsize i = 0; i < header->n_more; i++) {
		const PliComposeField *field = &header->more[i];

		if (is_reserved(field->name))
			return set_value(error, field->name,
					 "has an option of its own");
		if (!pli_header_writer_add_text(
			    out, get_flags(header), field->name,
			    pli_slice_from_string(field->value), error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
add_header(PliBuf *out, const PliComposeHeader *header, GError **error)
{
	g_autoptr(PliContext) context = pli_context_new();
	char date[40];

	if (header->from == NULL) {
		g_set_error(error, PLI_ENTITY_ERROR, PLI_ENTITY_ERROR_MISSING,
			    "From: an address is expected");
		return FALSE;
	}
	pli_date_format(header->date, header->zone, date);
	return add_structured(out, header, "Date", date, error) &&
	       add_addresses(out, context, header, "From", header->from,
			     error) &&
	       add_addresses(out, context, header, "Sender", header->sender,
			     error) &&
	       add_addresses(out, context, header, "Reply-To",
			     header->reply_to, error) &&
	       add_addresses(out, context, header, "To", header->to, error) &&
	       add_addresses(out, context, header, "Cc", header->cc, error) &&
	       (header->subject == NULL ||
		pli_header_writer_add_text(
			out, get_flags(header), "Subject",
			pli_slice_from_string(header->subject), error)) &&
	       add_ids(out, header, error) && add_more(out, header, error);
}

GBytes *
pli_compose_message(const PliComposeHeader *header, GBytes *entity,
		    gsize ceiling, GError **error)
{
	g_auto(PliBuf) out = {.ceiling = ceiling};
	PliSlice octets;
	gboolean ends;
	gsize len;

	octets = pli_slice_from_bytes(entity);
	ends = octets.len >= 2 && octets.data[octets.len - 2] == '\r' &&
	       octets.data[octets.len - 1] == '\n';
	if (!add_header(&out, header, error))
		return NULL;
	if (!pli_buf_append_string(&out, "MIME-Version: 1.0\r\n") ||
	    !pli_buf_append(&out, octets.data, octets.len) ||
	    !pli_buf_append_string(&out, ends ? "" : "\r\n")) {
		g_set_error(error, PLI_ENTITY_ERROR, PLI_ENTITY_ERROR_LARGE,
			    "more than the %" G_GSIZE_FORMAT
			    " octets of the limit",
			    ceiling);
		return NULL;
	}
	len = out.len;
	return g_bytes_new_take(g_steal_pointer(&out.data), len);
}

GBytes *
pli_compose_digest(PliEntityWriter *writer, GBytes *const *messages, gsize n,
		   GError **error)
{
	g_autoptr(GPtrArray) parts =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

	for (gsize i = 0; i < n; i++) {
		PliSlice octets;
		GBytes *part;

		octets = pli_slice_from_bytes(messages[i]);
		part = pli_entity_new_message(writer, octets, FALSE, error);
		if (part == NULL)
			return NULL;
		g_ptr_array_add(parts, part);
	}
	return pli_entity_new_multipart(writer, "digest", NULL, 0,
					(GBytes *const *)parts->pdata,
					parts->len, error);
}
