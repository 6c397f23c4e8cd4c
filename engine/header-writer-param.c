/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/header-writer-priv.h"
#include "engine/octets-priv.h"

#define ONE_BLANK PLI_SLICE_LITERAL(" ")

/* A parameter on a line of its own: a blank before, a semicolon after. */
#define PARAM_MAX (PLI_HEADER_WRITER_LINE - 2)
/* Of a parameter's name: room has to stay for its value. */
#define NAME_MAX_OCTETS 40
/* Of the segments of one value; readers have a limit for all parameters. */
#define SEGMENTS_MAX 100

/* RFC 2045 5.1: in what is written, US-ASCII only. */
static gboolean
is_token_octet(guint8 octet)
{
	return octet < 128 && pli_octet_is_token(octet);
}

/* RFC 2231 7 attribute-char */
static gboolean
is_attribute_octet(guint8 octet)
{
	return is_token_octet(octet) && strchr("*'%", octet) == NULL;
}

static gboolean
is_all(PliSlice s, gboolean (*is)(guint8 octet))
{
	for (gsize i = 0; i < s.len; i++)
		if (!is(s.data[i]))
			return FALSE;
	return s.len > 0;
}

/* What a quoted string cannot say to all readers. */
static gboolean
needs_extended(PliSlice value)
{
	return pli_header_writer_has_8bit(value) ||
	       pli_header_writer_has_word(value) ||
	       (value.len > 0 && memchr(value.data, '\t', value.len) != NULL);
}

/* ---- one value, as pieces of text ---- */

typedef struct {
	PliHeaderWriter *writer;
	GPtrArray *pieces; /* of PliBuf */
} Pieces;

static void
free_piece(gpointer data)
{
	pli_buf_clear(data);
	g_free(data);
}

static PliBuf *
add_piece(Pieces *pieces, PliSlice name)
{
	PliBuf *piece = g_new0(PliBuf, 1);

	pli_buf_init(piece, G_MAXSSIZE);
	pli_buf_append(piece, name.data, name.len);
	g_ptr_array_add(pieces->pieces, piece);
	return piece;
}

/* What the next character takes in a form, and how. */
static gsize
put_quoted(PliSlice value, PliBuf *piece)
{
	if (value.data[0] == '"' || value.data[0] == '\\')
		pli_buf_append_octet(piece, '\\');
	pli_buf_append_octet(piece, value.data[0]);
	return 1;
}

static gsize
put_percent(PliSlice value, PliBuf *piece)
{
	gsize n = 0;

	do {
		const guint8 octet = value.data[n++];

		if (is_attribute_octet(octet))
			pli_buf_append_octet(piece, octet);
		else
			pli_buf_append_printf(piece, "%%%02X", octet);
	} while (n < value.len && (value.data[n] & 0xc0) == 0x80);
	return n;
}

typedef struct {
	gsize (*put)(PliSlice value, PliBuf *piece);
	const char *sign;  /* "*" when percent signs count */
	const char *first; /* before the value */
	const char *open, *close;
} Form;

static const Form quoted_form = {put_quoted, "", "", "\"", "\""};
static const Form extended_form = {put_percent, "*", "utf-8''", "", ""};

/* All of the value in one piece, however long. */
static void
put_whole(Pieces *pieces, const Form *form, PliSlice name, PliSlice value)
{
	PliBuf *piece = add_piece(pieces, name);

	pli_buf_append_printf(piece, "%s=%s%s", form->sign, form->first,
			      form->open);
	while (value.len > 0)
		value = pli_slice_skip(value, form->put(value, piece));
	pli_buf_append_string(piece, form->close);
}

/* In as many pieces as it needs. */
static void
put_segments(Pieces *pieces, const Form *form, PliSlice name, PliSlice value)
{
	for (guint number = 0; value.len > 0; number++) {
		PliBuf *piece = add_piece(pieces, name);

		if (number == SEGMENTS_MAX) {
			pli_header_writer_fail(pieces->writer,
					       PLI_HEADER_WRITER_ERROR_LONG,
					       "a parameter is too long");
			return;
		}
		pli_buf_append_printf(piece, "*%u%s=%s%s", number, form->sign,
				      number == 0 ? form->first : "",
				      form->open);
		while (value.len > 0) {
			const gsize before = piece->len;
			gsize n = form->put(value, piece);

			if (piece->len + strlen(form->close) > PARAM_MAX) {
				piece->len = before;
				break;
			}
			value = pli_slice_skip(value, n);
		}
		pli_buf_append_string(piece, form->close);
	}
}

static void
put_value(Pieces *pieces, const Form *form, PliSlice name, PliSlice value)
{
	const guint n = pieces->pieces->len;
	const PliBuf *piece;

	put_whole(pieces, form, name, value);
	piece = pieces->pieces->pdata[n];
	if (piece->len <= PARAM_MAX)
		return;
	g_ptr_array_set_size(pieces->pieces, n);
	put_segments(pieces, form, name, value);
}

/* Not over several lines: who reads it does not know how these are joined. */
static void
put_fallback(Pieces *pieces, PliSlice name, PliSlice value)
{
	g_auto(PliBuf) plain = {0};

	pli_buf_init(&plain, G_MAXSSIZE);
	for (gsize i = 0; i < value.len; i++) {
		const guint8 octet = value.data[i];

		if ((octet & 0xc0) == 0x80)
			continue;
		pli_buf_append_octet(&plain, octet > 127 || octet == '\t' ||
						     octet == '?'
						     ? '_'
						     : octet);
	}
	if (plain.len * 2 <= PLI_HEADER_WRITER_TOKEN_MAX)
		put_whole(pieces, &quoted_form, name, pli_buf_slice(&plain));
}

static void
put_param(Pieces *pieces, const PliHeaderWriterParam *param)
{
	const PliSlice name = param->name, value = param->value;

	if (!is_all(name, is_attribute_octet) || name.len > NAME_MAX_OCTETS) {
		pli_header_writer_fail(pieces->writer,
				       PLI_HEADER_WRITER_ERROR_NAME,
				       "a parameter's name cannot be written");
		return;
	}
	if (!pli_header_writer_check(pieces->writer, value, "a parameter"))
		return;
	if (needs_extended(value)) {
		if (pieces->writer->flags & PLI_HEADER_WRITER_FALLBACK)
			put_fallback(pieces, name, value);
		put_value(pieces, &extended_form, name, value);
	} else if (is_all(value, is_token_octet) &&
		   name.len + value.len < PARAM_MAX) {
		PliBuf *piece = add_piece(pieces, name);

		pli_buf_append_octet(piece, '=');
		pli_buf_append(piece, value.data, value.len);
	} else {
		put_value(pieces, &quoted_form, name, value);
	}
}

/* ---- the field ---- */

/* A token, or a type and a subtype. */
static gboolean
is_value(PliSlice value)
{
	const guint8 *slash =
		value.len > 0 ? memchr(value.data, '/', value.len) : NULL;
	gsize n = slash != NULL ? (gsize)(slash - value.data) : value.len;

	return value.len <= PLI_HEADER_WRITER_TOKEN_MAX &&
	       is_all(pli_slice_new(value.data, n), is_token_octet) &&
	       (slash == NULL ||
		is_all(pli_slice_skip(value, n + 1), is_token_octet));
}

gboolean
pli_header_writer_add_params(PliBuf *out, PliHeaderWriterFlags flags,
			     const char *name, PliSlice value,
			     const PliHeaderWriterParam *params, gsize n,
			     GError **error)
{
	PliHeaderWriter writer;
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(free_piece);
	Pieces pieces = {&writer, texts};

	pli_header_writer_begin(&writer, out, flags, name);
	if (!is_value(value))
		pli_header_writer_fail(&writer, PLI_HEADER_WRITER_ERROR_VALUE,
				       "neither a token nor a type");
	else
		(void)add_piece(&pieces, value);
	for (gsize i = 0; i < n && writer.error == NULL; i++)
		put_param(&pieces, &params[i]);
	for (guint i = 0; i < texts->len && writer.error == NULL; i++) {
		PliBuf *piece = texts->pdata[i];

		if (i + 1 < texts->len)
			pli_buf_append_octet(piece, ';');
		pli_header_writer_put(&writer, ONE_BLANK,
				      pli_buf_slice(piece));
	}
	return pli_header_writer_finish(&writer, error);
}
