/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edit FILE TEXT: puts a field with TEXT in front of a message and makes it fit
 * for a peer that takes 7bit only; the result goes to standard output.
 *
 * The message is scanned once. The structure of the edited one is derived, and
 * what needs no change keeps its octets; a signed part is never touched, so
 * that the message is refused when it would have to be.
 */
#include <engine/pli.h>

#include <stdio.h>

#define FIELD "X-Checked"

/* One whole field with its line end: no value can begin another one. */
static GBytes *
make_field(const char *text, GError **error)
{
	PliBuf field;
	gsize length;

	pli_buf_init(&field, 64 * 1024);
	if (!pli_header_writer_add_text(&field, PLI_HEADER_WRITER_ASCII, FIELD,
					pli_slice_from_string(text), error)) {
		pli_buf_clear(&field);
		return NULL;
	}
	length = field.len;
	return g_bytes_new_take(pli_buf_steal_string(&field), length);
}

static PliSlice
slice_of(GBytes *bytes)
{
	gsize length;
	gconstpointer data = g_bytes_get_data(bytes, &length);

	return pli_slice_new(data, length);
}

/* In a program of your own this would be a source over both, not a copy. */
static GBytes *
join(GBytes *field, GBytes *message)
{
	GByteArray *both = g_byte_array_new();

	g_byte_array_append(both, slice_of(field).data,
			    (guint)g_bytes_get_size(field));
	g_byte_array_append(both, slice_of(message).data,
			    (guint)g_bytes_get_size(message));
	return g_byte_array_free_to_bytes(both);
}

/* Mail that is sent has lines that end in CRLF; a file may not. */
static GBytes *
read_message(const char *path, GError **error)
{
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, error);
	g_autoptr(GBytes) octets = NULL;
	PliLineEnd state = {FALSE};
	guint8 *out;
	gsize n;

	if (file == NULL)
		return NULL;
	octets = g_mapped_file_get_bytes(file);
	out = g_malloc(PLI_LINE_END_BOUND(g_bytes_get_size(octets)));
	n = pli_line_end_feed_crlf(&state, slice_of(octets), out);
	return g_bytes_new_take(out, n);
}

static gboolean
write_converted(const PliStructure *structure, GBytes *message, GError **error)
{
	g_autoptr(PliSource) source = pli_source_new_bytes(message);
	g_autoptr(PliConvert) convert = pli_convert_new(
		structure, source, PLI_CONVERT_7BIT, error);
	PliSlice octets;

	if (convert == NULL)
		return FALSE;
	do {
		if (pli_convert_next(convert, &octets, error) !=
		    PLI_STEP_READY)
			return FALSE;
		if (octets.len > 0)
			fwrite(octets.data, 1, octets.len, stdout);
	} while (octets.len > 0);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_IO,
				    "standard output cannot be written");
		return FALSE;
	}
	return TRUE;
}

static gboolean
edit(GBytes *message, const char *text, GError **error)
{
	g_autoptr(GBytes) field = make_field(text, error);
	g_autoptr(GBytes) edited = NULL;
	g_autoptr(PliStructure) before = NULL;
	g_autoptr(PliStructure) after = NULL;

	if (field == NULL)
		return FALSE;
	before = pli_parser_parse(slice_of(message), PLI_LINE_AS_IS, NULL);
	after = pli_derive_prepend(before, slice_of(field), NULL, error);
	if (after == NULL)
		return FALSE;
	edited = join(field, message);
	return write_converted(after, edited, error);
}

int
main(int argc, char **argv)
{
	g_autoptr(GBytes) message = NULL;
	g_autoptr(GError) error = NULL;

	if (argc != 3) {
		fprintf(stderr, "usage: edit FILE TEXT\n");
		return 64;
	}
	message = read_message(argv[1], &error);
	if (message == NULL) {
		fprintf(stderr, "edit: %s\n", error->message);
		return 66;
	}
	if (!edit(message, argv[2], &error)) {
		fprintf(stderr, "edit: %s\n", error->message);
		return 1;
	}
	return 0;
}
