/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/gmime/entity.h"

#include "engine/convert.h"
#include "engine/line-end.h"
#include "engine/parser.h"

G_DEFINE_QUARK(pli-entity-error, pli_entity_error)

static GBytes *
steal_bytes(PliBuf *out)
{
	gsize len = out->len;

	return g_bytes_new_take(g_steal_pointer(&out->data), len);
}

static gboolean
set_large(const PliEntityWriter *writer, GError **error)
{
	g_set_error(error, PLI_ENTITY_ERROR, PLI_ENTITY_ERROR_LARGE,
		    "more than the %" G_GSIZE_FORMAT " octets of the limit",
		    writer->ceiling);
	return FALSE;
}

static gboolean
has_8bit(PliSlice octets)
{
	for (gsize i = 0; i < octets.len; i++)
		if (octets.data[i] > 127)
			return TRUE;
	return FALSE;
}

static const char *
get_encoding_name(PliEncoding encoding)
{
	switch (encoding) {
	case PLI_ENCODING_8BIT: return "8bit";
	case PLI_ENCODING_QUOTED_PRINTABLE: return "quoted-printable";
	case PLI_ENCODING_BASE64: return "base64";
	default: return "7bit";
	}
}

/* CRLF for LF, in one piece; NULL at the ceiling. */
static GBytes *
make_crlf(const PliEntityWriter *writer, PliSlice octets, GError **error)
{
	PliLineEnd state = {FALSE};
	guint8 *out;
	gsize n;

	if (octets.len > writer->ceiling) {
		set_large(writer, error);
		return NULL;
	}
	out = g_malloc(PLI_LINE_END_BOUND(octets.len));
	n = pli_line_end_feed_crlf(&state, octets, out);
	return g_bytes_new_take(out, n);
}

static gboolean
add_encoded(const PliEntityWriter *writer, PliBuf *out, PliEncoding encoding,
	    PliEncoderMode mode, PliSlice octets, GError **error)
{
	PliEncoder encoder;
	guint8 *room;

	pli_encoder_init(&encoder, encoding, mode);
	room = pli_buf_reserve(out, pli_encoder_get_bound(&encoder,
							  octets.len));
	if (room == NULL)
		return set_large(writer, error);
	pli_buf_add_length(out, pli_encoder_feed(&encoder, octets, room));
	room = pli_buf_reserve(out, pli_encoder_get_bound(&encoder, 0));
	if (room == NULL)
		return set_large(writer, error);
	pli_buf_add_length(out, pli_encoder_finish(&encoder, room));
	return TRUE;
}

/* "text/plain; charset=utf-8" */
static gboolean
add_type(PliBuf *out, const PliEntityLeaf *leaf, PliSlice octets,
	 GError **error)
{
	PliHeaderWriterParam params[2] = {{PLI_SLICE_LITERAL("charset"),
					   PLI_SLICE_LITERAL("us-ascii")}};
	gsize n;
	gboolean is_text = g_ascii_strncasecmp(leaf->type, "text/", 5) == 0;

	if (is_text && has_8bit(octets)) {
		params[0].value = PLI_SLICE_LITERAL("utf-8");
		is_text = g_utf8_validate((const char *)octets.data,
					  (gssize)octets.len, NULL);
	}
	n = is_text ? 1 : 0;
	if (leaf->param != NULL)
		params[n++] = *leaf->param;
	return pli_header_writer_add_params(
		out, PLI_HEADER_WRITER_ASCII, "Content-Type",
		pli_slice_from_string(leaf->type), params, n, error);
}

static gboolean
add_disposition(PliBuf *out, const PliEntityLeaf *leaf, GError **error)
{
	PliHeaderWriterParam filename = {
		PLI_SLICE_LITERAL("filename"),
		pli_slice_from_string(leaf->filename)};

	if (leaf->disposition == NULL && leaf->filename == NULL)
		return TRUE;
	return pli_header_writer_add_params(
		out, PLI_HEADER_WRITER_ASCII, "Content-Disposition",
		pli_slice_from_string(leaf->disposition != NULL
					      ? leaf->disposition
					      : "attachment"),
		&filename, leaf->filename != NULL ? 1 : 0, error);
}

static gboolean
add_leaf_header(PliBuf *out, const PliEntityLeaf *leaf, PliSlice octets,
		PliEncoding encoding, GError **error)
{
	g_autofree char *cid = NULL;

	if (!add_type(out, leaf, octets, error))
		return FALSE;
	if (encoding != PLI_ENCODING_7BIT &&
	    !pli_header_writer_add_structured(
		    out, PLI_HEADER_WRITER_ASCII, "Content-Transfer-Encoding",
		    pli_slice_from_string(get_encoding_name(encoding)), error))
		return FALSE;
	if (!add_disposition(out, leaf, error))
		return FALSE;
	if (leaf->cid != NULL) {
		cid = g_strdup_printf("<%s>", leaf->cid);
		if (!pli_header_writer_add_structured(
			    out, PLI_HEADER_WRITER_ASCII, "Content-ID",
			    pli_slice_from_string(cid), error))
			return FALSE;
	}
	return leaf->description == NULL ||
	       pli_header_writer_add_text(
		       out, PLI_HEADER_WRITER_ASCII, "Content-Description",
		       pli_slice_from_string(leaf->description), error);
}

GBytes *
pli_entity_new_leaf(const PliEntityWriter *writer, const PliEntityLeaf *leaf,
		    GError **error)
{
	PliEncoderMode mode =
		leaf->is_text ? PLI_ENCODER_TEXT : PLI_ENCODER_BINARY;
	g_autoptr(GBytes) text = NULL;
	g_auto(PliBuf) out = {.ceiling = writer->ceiling};
	PliSlice octets = leaf->octets;
	PliEncoderChoice choice;
	PliEncoding encoding;

	g_assert(writer->transport != PLI_TRANSPORT_BINARY);
	if (leaf->is_text && !g_utf8_validate((const char *)octets.data,
					      (gssize)octets.len, NULL)) {
		g_set_error(error, PLI_ENTITY_ERROR, PLI_ENTITY_ERROR_VALUE,
			    "the text of a %s is not UTF-8", leaf->type);
		return NULL;
	}
	if (leaf->is_text) {
		text = make_crlf(writer, octets, error);
		if (text == NULL)
			return NULL;
		octets = pli_slice_from_bytes(text);
	}
	pli_encoder_choice_init(&choice, mode);
	pli_encoder_choice_feed(&choice, octets);
	pli_encoder_choice_finish(&choice);
	encoding = pli_encoder_choice_get(&choice, writer->transport,
					  writer->is_signed);
	if (!add_leaf_header(&out, leaf, octets, encoding, error))
		return NULL;
	if (!pli_buf_append_string(&out, "\r\n")) {
		set_large(writer, error);
		return NULL;
	}
	if (!add_encoded(writer, &out, encoding, mode, octets, error))
		return NULL;
	return steal_bytes(&out);
}

/* --- a message inside --- */

/* As it is, or with what 7bit does not take encoded. */
static gboolean
add_converted(const PliEntityWriter *writer, PliBuf *out, GBytes *message,
	      const PliStructure *structure, GError **error)
{
	g_autoptr(PliSource) source = pli_source_new_bytes(message);
	g_autoptr(PliConvert) convert = pli_convert_new(
		structure, source,
		writer->transport == PLI_TRANSPORT_7BIT ? PLI_CONVERT_7BIT
							: PLI_CONVERT_8BIT,
		error);
	PliSlice octets;

	if (convert == NULL)
		return FALSE;
	do {
		if (pli_convert_next(convert, &octets, error) !=
		    PLI_STEP_READY)
			return FALSE;
		if (!pli_buf_append(out, octets.data, octets.len))
			return set_large(writer, error);
	} while (octets.len > 0);
	return TRUE;
}

GBytes *
pli_entity_new_message(const PliEntityWriter *writer, PliSlice octets,
		       gboolean only_header, GError **error)
{
	g_autoptr(GBytes) message = make_crlf(writer, octets, error);
	g_autoptr(PliStructure) structure = NULL;
	g_auto(PliBuf) body = {.ceiling = writer->ceiling};
	g_auto(PliBuf) out = {.ceiling = writer->ceiling};
	PliPart root;

	if (message == NULL)
		return NULL;
	structure = pli_parser_parse(pli_slice_from_bytes(message),
				     PLI_LINE_AS_IS, NULL);
	pli_structure_get_part(structure, 0, &root);
	if (only_header) {
		PliSlice header = {pli_slice_from_bytes(message).data,
				   root.header.length};
		PliEntityLeaf leaf = {.type = "text/rfc822-headers",
				      .octets = header};

		return pli_entity_new_leaf(writer, &leaf, error);
	}
	if (!add_converted(writer, &body, message, structure, error))
		return NULL;
	if (!pli_buf_append_string(&out, "Content-Type: message/rfc822\r\n") ||
	    (has_8bit(pli_buf_slice(&body)) &&
	     !pli_buf_append_string(
		     &out, "Content-Transfer-Encoding: 8bit\r\n")) ||
	    !pli_buf_append_string(&out, "\r\n") ||
	    !pli_buf_append(&out, body.data, body.len)) {
		set_large(writer, error);
		return NULL;
	}
	return steal_bytes(&out);
}

/* --- multiparts --- */

static gboolean
has_boundary(const char *boundary, GBytes *const *parts, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		PliSlice octets = pli_slice_from_bytes(parts[i]);

		if (octets.len > 0 && memmem(octets.data, octets.len, boundary,
					     strlen(boundary)) != NULL)
			return TRUE;
	}
	return FALSE;
}

/* All of one length, so that none is the start of another; with "=_", which
 * neither base64 nor quoted-printable can hold (RFC 2045 6.7). */
static char *
dup_boundary(PliEntityWriter *writer, GBytes *const *parts, gsize n)
{
	for (;;) {
		g_autofree char *text = g_strdup_printf(
			"%u %s", writer->n_boundaries++, writer->seed);
		g_autofree char *sum = g_compute_checksum_for_string(
			G_CHECKSUM_SHA256, text, -1);
		g_autofree char *boundary = g_strdup_printf("=_%.32s", sum);

		if (!has_boundary(boundary, parts, n))
			return g_steal_pointer(&boundary);
	}
}

static gboolean
add_parts(PliBuf *out, const char *boundary, GBytes *const *parts, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		PliSlice octets = pli_slice_from_bytes(parts[i]);

		if (!pli_buf_append_printf(out, "%s--%s\r\n",
					   i > 0 ? "\r\n" : "", boundary) ||
		    !pli_buf_append(out, octets.data, octets.len))
			return FALSE;
	}
	return pli_buf_append_printf(out, "\r\n--%s--\r\n", boundary);
}

GBytes *
pli_entity_new_multipart(PliEntityWriter *writer, const char *subtype,
			 const PliHeaderWriterParam *params, gsize n_params,
			 GBytes *const *parts, gsize n_parts, GError **error)
{
	g_autofree char *boundary = dup_boundary(writer, parts, n_parts);
	g_autofree char *type = g_strdup_printf("multipart/%s", subtype);
	g_autofree PliHeaderWriterParam *all =
		g_new(PliHeaderWriterParam, n_params + 1);
	g_auto(PliBuf) out = {.ceiling = writer->ceiling};
	gboolean is_8bit = FALSE;

	g_assert(n_parts > 0);
	if (n_params > 0)
		memcpy(all, params, n_params * sizeof *params);
	all[n_params] =
		(PliHeaderWriterParam){PLI_SLICE_LITERAL("boundary"),
				       pli_slice_from_string(boundary)};
	if (!pli_header_writer_add_params(&out, PLI_HEADER_WRITER_ASCII,
					  "Content-Type",
					  pli_slice_from_string(type), all,
					  n_params + 1, error))
		return NULL;
	for (gsize i = 0; i < n_parts; i++)
		is_8bit |= has_8bit(pli_slice_from_bytes(parts[i]));
	if ((is_8bit && !pli_buf_append_string(
				&out, "Content-Transfer-Encoding: 8bit\r\n")) ||
	    !pli_buf_append_string(&out, "\r\n") ||
	    !add_parts(&out, boundary, parts, n_parts)) {
		set_large(writer, error);
		return NULL;
	}
	return steal_bytes(&out);
}
