/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edit FILE TEXT [SECTION]: puts a field with TEXT in front of a message, drops
 * the part that SECTION names (2, 1.3 ...) and makes the rest fit for a peer
 * that takes 7bit only; the result goes to standard output.
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

static gboolean
drop(PliEdit *edit, const PliStructure *structure, const char *name,
     GError **error)
{
	PliSection section;
	guint32 part;

	if (!pli_section_parse(pli_slice_from_string(name), &section) ||
	    section.text != PLI_SECTION_WHOLE ||
	    !pli_section_find_part(structure, &section, &part)) {
		g_set_error(error, PLI_EDIT_ERROR, PLI_EDIT_ERROR_PART,
			    "there is no part %s", name);
		return FALSE;
	}
	return pli_edit_drop_part(edit, part, error);
}

/* The edited message. It could be written as it comes; what follows here reads
 * it at any offset. */
static GBytes *
collect(PliEdit *edit, GError **error)
{
	g_autoptr(GByteArray) message = g_byte_array_new();
	PliSlice octets;

	do {
		if (pli_edit_next(edit, &octets, error) != PLI_STEP_READY)
			return NULL;
		g_byte_array_append(message, octets.data, (guint)octets.len);
	} while (octets.len > 0);
	return g_byte_array_free_to_bytes(g_steal_pointer(&message));
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
edit_message(GBytes *message, const char *text, const char *section,
	     GError **error)
{
	g_autoptr(PliStructure) before =
		pli_parser_parse(slice_of(message), PLI_LINE_AS_IS, NULL);
	g_autoptr(PliSource) source = pli_source_new_bytes(message);
	g_autoptr(PliEdit) edit = pli_edit_new(before, source, 0, error);
	g_autoptr(GBytes) field = NULL;
	g_autoptr(GBytes) edited = NULL;
	g_autoptr(PliStructure) after = NULL;

	if (edit == NULL)
		return FALSE;
	field = make_field(text, error);
	if (field == NULL ||
	    !pli_edit_add_fields(edit, 0, PLI_EDIT_FIRST, slice_of(field),
				 error) ||
	    (section != NULL && !drop(edit, before, section, error)) ||
	    !pli_edit_settle(edit, error))
		return FALSE;
	after = pli_derive_edit(edit, NULL, NULL, error);
	if (after == NULL)
		return FALSE;
	edited = collect(edit, error);
	return edited != NULL && write_converted(after, edited, error);
}

int
main(int argc, char **argv)
{
	g_autoptr(GBytes) message = NULL;
	g_autoptr(GError) error = NULL;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: edit FILE TEXT [SECTION]\n");
		return 64;
	}
	message = read_message(argv[1], &error);
	if (message == NULL) {
		fprintf(stderr, "edit: %s\n", error->message);
		return 66;
	}
	if (!edit_message(message, argv[2], argv[3], &error)) {
		fprintf(stderr, "edit: %s\n", error->message);
		return 1;
	}
	return 0;
}
