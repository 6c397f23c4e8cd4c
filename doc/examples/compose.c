/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compose FROM TO SUBJECT TEXT-FILE ATTACHMENT: a message with a text and a
 * file, to standard output.
 *
 * The headers are written so that they read as what was meant in any
 * language; each body gets the shortest encoding that any transport takes.
 */
#include <engine/pli.h>

#include <stdio.h>
#include <time.h>

#define HEADER_MAX (256 * 1024)

/* An address as people write it, "Jane Doe <jane@example.org>". */
static gboolean
add_address(PliBuf *out, const char *name, const char *text, GError **error)
{
	g_autoptr(PliAddressReader) reader =
		pli_address_reader_new(pli_slice_from_string(text), NULL);
	PliAddress address;

	if (pli_address_reader_next(reader, &address) != PLI_STEP_READY ||
	    address.kind != PLI_ADDRESS_MAILBOX) {
		g_set_error(error, PLI_HEADER_WRITER_ERROR,
			    PLI_HEADER_WRITER_ERROR_ADDRESS,
			    "%s: an address is expected, not \"%s\"", name,
			    text);
		return FALSE;
	}
	return pli_header_writer_add_addresses(out, PLI_HEADER_WRITER_ASCII,
					       name, &address, 1, error);
}

static gboolean
add_structured(PliBuf *out, const char *name, const char *value,
	       GError **error)
{
	return pli_header_writer_add_structured(
		out, PLI_HEADER_WRITER_ASCII, name,
		pli_slice_from_string(value), error);
}

/* "type/subtype; param=value": the value may be any text. */
static gboolean
add_with_param(PliBuf *out, const char *name, const char *value,
	       const char *param, const char *param_value, GError **error)
{
	const PliHeaderWriterParam params[] = {
		{pli_slice_from_string(param),
		 pli_slice_from_string(param_value)},
	};

	return pli_header_writer_add_params(
		out, PLI_HEADER_WRITER_FALLBACK, name,
		pli_slice_from_string(value), params, G_N_ELEMENTS(params),
		error);
}

static gboolean
add_header(PliBuf *out, char **argv, const char *boundary, GError **error)
{
	g_autofree char *uuid = g_uuid_string_random();
	g_autofree char *id = g_strdup_printf("<%s@compose.invalid>", uuid);
	char date[40];

	pli_date_format((gint64)time(NULL), 0, date);
	return add_structured(out, "Date", date, error) &&
	       add_address(out, "From", argv[1], error) &&
	       add_address(out, "To", argv[2], error) &&
	       pli_header_writer_add_text(out, PLI_HEADER_WRITER_ASCII,
					  "Subject",
					  pli_slice_from_string(argv[3]),
					  error) &&
	       add_structured(out, "Message-ID", id, error) &&
	       add_structured(out, "MIME-Version", "1.0", error) &&
	       add_with_param(out, "Content-Type", "multipart/mixed",
			      "boundary", boundary, error);
}

/* RFC 2045 6.1: what is neither encoded nor over 127 is 7bit. */
static const char *
name_of(PliEncoding encoding)
{
	return encoding == PLI_ENCODING_BASE64		   ? "base64"
	       : encoding == PLI_ENCODING_QUOTED_PRINTABLE ? "quoted-printable"
							   : "7bit";
}

static PliEncoding
choose(PliSlice body, PliEncoderMode mode)
{
	PliEncoderChoice choice;

	pli_encoder_choice_init(&choice, mode);
	pli_encoder_choice_feed(&choice, body);
	pli_encoder_choice_finish(&choice);
	return pli_encoder_choice_get(&choice, PLI_TRANSPORT_7BIT, FALSE);
}

static void
write_body(PliSlice body, PliEncoding encoding, PliEncoderMode mode)
{
	g_autofree guint8 *out = NULL;
	PliEncoder encoder;
	gsize n;

	pli_encoder_init(&encoder, encoding, mode);
	out = g_malloc(pli_encoder_get_bound(&encoder, body.len) +
		       pli_encoder_get_bound(&encoder, 0));
	n = pli_encoder_feed(&encoder, body, out);
	n += pli_encoder_finish(&encoder, out + n);
	fwrite(out, 1, n, stdout);
}

/* Lines of text end in CRLF in mail. */
static GBytes *
to_crlf(PliSlice text)
{
	guint8 *out = g_malloc(PLI_LINE_END_BOUND(text.len));
	PliLineEnd state = {FALSE};
	gsize n = pli_line_end_feed_crlf(&state, text, out);

	return g_bytes_new_take(out, n);
}

static PliSlice
slice_of(GBytes *bytes)
{
	gsize length;
	gconstpointer data = g_bytes_get_data(bytes, &length);

	return pli_slice_new(data, length);
}

static gboolean
write_text(const char *path, const char *boundary, GError **error)
{
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, error);
	g_autoptr(GBytes) octets = NULL;
	g_autoptr(GBytes) text = NULL;
	g_auto(PliBuf) header;
	PliEncoding encoding;

	pli_buf_init(&header, HEADER_MAX);
	if (file == NULL)
		return FALSE;
	octets = g_mapped_file_get_bytes(file);
	text = to_crlf(slice_of(octets));
	encoding = choose(slice_of(text), PLI_ENCODER_TEXT);
	if (!add_with_param(&header, "Content-Type", "text/plain", "charset",
			    "utf-8", error) ||
	    !add_structured(&header, "Content-Transfer-Encoding",
			    name_of(encoding), error))
		return FALSE;
	printf("--%s\r\n%.*s\r\n", boundary, (int)header.len, header.data);
	write_body(slice_of(text), encoding, PLI_ENCODER_TEXT);
	return TRUE;
}

static gboolean
write_attachment(const char *path, const char *boundary, GError **error)
{
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, error);
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *name = g_filename_display_name(base);
	g_autoptr(GBytes) octets = NULL;
	g_auto(PliBuf) header;
	PliEncoding encoding;

	pli_buf_init(&header, HEADER_MAX);
	if (file == NULL)
		return FALSE;
	octets = g_mapped_file_get_bytes(file);
	encoding = choose(slice_of(octets), PLI_ENCODER_BINARY);
	if (!add_structured(&header, "Content-Type",
			    "application/octet-stream", error) ||
	    !add_structured(&header, "Content-Transfer-Encoding",
			    name_of(encoding), error) ||
	    !add_with_param(&header, "Content-Disposition", "attachment",
			    "filename", name, error))
		return FALSE;
	printf("\r\n--%s\r\n%.*s\r\n", boundary, (int)header.len, header.data);
	write_body(slice_of(octets), encoding, PLI_ENCODER_BINARY);
	return TRUE;
}

static gboolean
compose(char **argv, GError **error)
{
	g_autofree char *uuid = g_uuid_string_random();
	/* "=_" stands in no encoded body, the rest in no other one. */
	g_autofree char *boundary = g_strconcat("=_", uuid, NULL);
	g_auto(PliBuf) header;

	pli_buf_init(&header, HEADER_MAX);
	if (!add_header(&header, argv, boundary, error))
		return FALSE;
	printf("%.*s\r\n", (int)header.len, header.data);
	if (!write_text(argv[4], boundary, error) ||
	    !write_attachment(argv[5], boundary, error))
		return FALSE;
	printf("\r\n--%s--\r\n", boundary);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_IO,
				    "standard output cannot be written");
		return FALSE;
	}
	return TRUE;
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	if (argc != 6) {
		fprintf(stderr, "usage: compose FROM TO SUBJECT TEXT-FILE "
				"ATTACHMENT\n");
		return 64;
	}
	if (!compose(argv, &error)) {
		fprintf(stderr, "compose: %s\n", error->message);
		return 1;
	}
	return 0;
}
