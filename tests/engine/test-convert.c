/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/convert.h"

#include "engine/line-end.h"
#include "engine/parser.h"
#include "tests/lib/convert-run.h"
#include "tests/lib/corpus.h"

#define TEXT(s) pli_slice_new(s, sizeof(s) - 1)

static void
check_becomes(PliSlice text, PliConvertTarget target, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) out =
	        pli_convert_run(text, target, 4096, &error);

	g_assert_no_error(error);
	g_byte_array_append(out, (const guint8 *)"", 1);
	g_assert_cmpstr((const char *)out->data, ==, expected);
	g_assert_cmpuint(strlen(expected) + 1, ==, out->len);
	g_assert_true(pli_convert_run_check(text, target));
}

static void
check_refused(PliSlice text, PliConvertTarget target, PliConvertError code,
              const char *start)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) out =
	        pli_convert_run(text, target, 4096, &error);

	g_assert_null(out);
	g_assert_error(error, PLI_CONVERT_ERROR, (gint)code);
	g_test_message("%s", error->message);
	g_assert_true(g_str_has_prefix(error->message, start));
}

static void
test_leaf(void)
{
	/* a label that is there is replaced, others of the name go */
	check_becomes(TEXT("Content-Type: application/x\r\n"
	                   "MIME-Version: 1.0\r\n"
	                   "Content-Transfer-Encoding: binary\r\n"
	                   "X: y\r\n"
	                   "Content-Transfer-Encoding: 8bit\r\n"
	                   "\r\n"
	                   "a\0b"),
	              PLI_CONVERT_NO_BINARY,
	              "Content-Type: application/x\r\n"
	              "MIME-Version: 1.0\r\n"
	              "Content-Transfer-Encoding: base64\r\n"
	              "X: y\r\n"
	              "\r\n"
	              "YQBi\r\n");
	/* one that is not there is added, with the version */
	check_becomes(TEXT("Subject: x\r\n\r\na\nb\rc\r\n"),
	              PLI_CONVERT_NO_BINARY,
	              "Subject: x\r\nMIME-Version: 1.0\r\n"
	              "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	              "a=0Ab=0Dc\r\n");
	check_becomes(TEXT("\r\na\0b"), PLI_CONVERT_NO_BINARY,
	              "MIME-Version: 1.0\r\n"
	              "Content-Transfer-Encoding: base64\r\n\r\n"
	              "YQBi\r\n");
}

static void
test_untouched(void)
{
	static const char plain[] = "Subject: x\r\n\r\nCaf\xc3\xa9\r\n";

	check_becomes(TEXT(plain), PLI_CONVERT_NO_BINARY, plain);
	check_becomes(TEXT(plain), PLI_CONVERT_8BIT, plain);
	check_becomes(TEXT(""), PLI_CONVERT_7BIT, "");
	check_becomes(TEXT("Subject: x"), PLI_CONVERT_7BIT, "Subject: x");
	check_becomes(TEXT(plain), PLI_CONVERT_7BIT,
	              "Subject: x\r\nMIME-Version: 1.0\r\n"
	              "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	              "Caf=C3=A9\r\n");
}

#define LABELLED(encoding, fields)                                       \
	"Subject: \xff\r\nContent-Type: multipart/mixed; boundary=a\r\n" \
	"Content-Transfer-Encoding: " encoding "\r\n\r\n"                \
	"--a\r\n" fields "\r\nx\r\n--a--\r\n"

/* A label says no more than what is there. */
static void
test_labels(void)
{
	check_becomes(TEXT("Content-Transfer-Encoding: binary\r\n\r\nx\r\n"),
	              PLI_CONVERT_NO_BINARY,
	              "Content-Transfer-Encoding: 7bit\r\n\r\nx\r\n");
	check_becomes(TEXT("Content-Transfer-Encoding: binary\r\n\r\n"
	                   "\xc3\xa9\r\n"),
	              PLI_CONVERT_NO_BINARY,
	              "Content-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa9\r\n");
	check_becomes(TEXT("Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n"),
	              PLI_CONVERT_7BIT,
	              "Content-Transfer-Encoding: 7bit\r\n\r\nx\r\n");
	check_becomes(TEXT("Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n"),
	              PLI_CONVERT_NO_BINARY,
	              "Content-Transfer-Encoding: 8bit\r\n\r\nx\r\n");
	/* of a header what is outside of the body does not count, nor do the
	 * labels that go */
	check_becomes(
		TEXT(LABELLED("8bit", "Content-Transfer-Encoding: 8bit\r\n"
				      "Content-Transfer-Encoding: \xff\r\n")),
		PLI_CONVERT_7BIT,
		LABELLED("7bit", "Content-Transfer-Encoding: 7bit\r\n"));
	check_becomes(TEXT(LABELLED("binary", "X: \xff\r\n")),
		      PLI_CONVERT_NO_BINARY, LABELLED("8bit", "X: \xff\r\n"));
}

#define TREE(outer, inner, leaf, label, body)                                  \
	"MIME-Version: 1.0\r\n"                                                \
	"Content-Type: multipart/mixed; boundary=a\r\n"                        \
	"Content-Transfer-Encoding: " outer "\r\n\r\n"                         \
	"before\r\n--a\r\n\r\none\r\n--a\r\n"                                  \
	"Content-Type: message/rfc822\r\n"                                     \
	"Content-Transfer-Encoding: " inner "\r\n\r\n"                         \
	"Subject: in\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"     \
	"--b\r\nContent-Type: image/x\r\n" leaf label "\r\n\r\n" body          \
	"\r\n--b--\r\nafter b\r\n--a--\r\nafter a\r\n"

/* Through a multipart, a message and a multipart. */
static void
test_tree(void)
{
	check_becomes(
	        TEXT(TREE("binary", "binary",
	                  "Content-Transfer-Encoding: ", "binary", "a\0b\n")),
	        PLI_CONVERT_NO_BINARY,
	        TREE("7bit", "7bit", "Content-Transfer-Encoding: ", "base64",
	             "YQBiCg==\r\n"));
	check_becomes(TEXT(TREE("8bit", "8bit", "Content-Transfer-Encoding: ",
	                        "8bit", "\xff")),
	              PLI_CONVERT_7BIT,
	              TREE("7bit", "7bit", "Content-Transfer-Encoding: ",
	                   "base64", "/w==\r\n"));
	check_becomes(TEXT(TREE("8bit", "8bit", "Content-Transfer-Encoding: ",
	                        "8bit", "\xff")),
	              PLI_CONVERT_8BIT,
	              TREE("8bit", "8bit", "Content-Transfer-Encoding: ",
	                   "8bit", "\xff"));
}

static void
test_long_lines(void)
{
	g_autofree char *line = g_strnfill(999, 'x');
	g_autofree char *text = g_strconcat("A: b\r\n\r\n", line, NULL);
	g_autofree char *labelled = g_strconcat(
	        "Content-Transfer-Encoding: binary\r\n\r\n", line, NULL);
	g_autofree char *field = g_strconcat("Subject: ", line, NULL);
	g_autoptr(GByteArray) out = NULL;

	check_becomes(pli_slice_from_string(text), PLI_CONVERT_NO_BINARY,
	              text);
	out = pli_convert_run(pli_slice_from_string(labelled),
	                      PLI_CONVERT_NO_BINARY, 100, NULL);
	g_assert_cmpuint(out->len, >, strlen(labelled) + 20);
	g_clear_pointer(&out, g_byte_array_unref);
	out = pli_convert_run(pli_slice_from_string(text), PLI_CONVERT_8BIT,
	                      100, NULL);
	g_assert_cmpuint(out->len, >, strlen(text) + 20);
	g_assert_true(pli_convert_run_check(pli_slice_from_string(text),
	                                    PLI_CONVERT_8BIT));

	/* one of a header that nothing ends: there is no body to encode */
	check_becomes(pli_slice_from_string(field), PLI_CONVERT_7BIT, field);
}

/* Broken base64 and quoted-printable decode to what they decoded to. */
static void
test_encoded(void)
{
	check_becomes(TEXT("MIME-Version: 1.0\r\nContent-Type: x/y\r\n"
	                   "Content-Transfer-Encoding: base64\r\n\r\n"
	                   "YWJ\0j\nZGVm\r\n"),
	              PLI_CONVERT_NO_BINARY,
	              "MIME-Version: 1.0\r\nContent-Type: x/y\r\n"
	              "Content-Transfer-Encoding: base64\r\n\r\n"
	              "YWJjZGVm\r\n");
	check_becomes(TEXT("MIME-Version: 1.0\r\n"
	                   "Content-Transfer-Encoding: "
	                   "Quoted-Printable\r\n\r\na=3D\0b\r\n"),
	              PLI_CONVERT_NO_BINARY,
	              "MIME-Version: 1.0\r\n"
	              "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	              "a=3D=00b\r\n");
	check_refused(TEXT("Content-Transfer-Encoding: x-odd\r\n\r\na\0b"),
	              PLI_CONVERT_NO_BINARY, PLI_CONVERT_ERROR_ENCODING,
	              "the message would have to be encoded, and has an "
	              "encoding already");
}

/* Quoted-printable never writes what could be read as a boundary. */
static void
test_boundary(void)
{
	g_autofree char *fill = g_strnfill(75, 'x');
	g_autofree char *text = g_strconcat(
	        "MIME-Version: 1.0\r\n"
	        "Content-Type: multipart/mixed; boundary=\"b=\"\r\n\r\n"
	        "--b=\r\n\r\n\xff",
	        fill + 3, "--b=\r\nend\r\n--b=--\r\n", NULL);
	g_autoptr(GByteArray) out =
	        pli_convert_run(pli_slice_from_string(text), PLI_CONVERT_7BIT,
	                        64, NULL);

	g_assert_nonnull(g_strstr_len((const char *)out->data, out->len,
	                              "base64"));
	g_assert_true(pli_convert_run_check(pli_slice_from_string(text),
	                                    PLI_CONVERT_7BIT));
}

#define SEALED(subtype, label, body)                                           \
	"MIME-Version: 1.0\r\n"                                                \
	"Content-Type: multipart/mixed; boundary=a\r\n\r\n"                    \
	"--a\r\n\r\nfree\r\n--a\r\n"                                           \
	"Content-Type: multipart/" subtype "; boundary=b\r\n"                  \
	"Content-Transfer-Encoding: " label "\r\n\r\n"                         \
	"--b\r\nContent-Type: text/plain\r\n"                                  \
	"Content-Transfer-Encoding: binary\r\n\r\n" body "\r\n"                \
	"--b\r\nContent-Type: application/pgp-signature\r\n\r\nsig\r\n"        \
	"--b--\r\n--a--\r\n"

static void
test_sealed(void)
{
	check_refused(TEXT(SEALED("signed", "binary", "a\nb")),
	              PLI_CONVERT_NO_BINARY, PLI_CONVERT_ERROR_SIGNED,
	              "part 2.1 would have to be encoded, which would break");
	check_refused(TEXT(SEALED("encrypted", "binary", "a\0b")),
	              PLI_CONVERT_NO_BINARY, PLI_CONVERT_ERROR_ENCRYPTED,
	              "part 2.1 would");
	/* what is fit inside stays as it is, label and all */
	check_becomes(TEXT(SEALED("signed", "binary", "ab")),
	              PLI_CONVERT_NO_BINARY, SEALED("signed", "7bit", "ab"));
}

static void
test_refused(void)
{
	check_refused(TEXT("Content-Type: message/partial; id=x; number=1; "
	                   "total=2\r\n\r\nA: b\r\n\r\nc\0d"),
	              PLI_CONVERT_NO_BINARY, PLI_CONVERT_ERROR_TYPE,
	              "the message would have to be encoded, and its type");
	/* without a boundary there is nothing but a preamble */
	check_refused(TEXT("Content-Type: multipart/mixed\r\n\r\na\0b"),
	              PLI_CONVERT_NO_BINARY, PLI_CONVERT_ERROR_FRAME,
	              "part 1 has a NUL");
	check_refused(TEXT("Subject: a\0b\r\n\r\nx\r\n"),
	              PLI_CONVERT_NO_BINARY, PLI_CONVERT_ERROR_FRAME,
	              "the message has a NUL");
	check_refused(TEXT("Subject: ab\n\r\nx\r\n"), PLI_CONVERT_NO_BINARY,
	              PLI_CONVERT_ERROR_FRAME, "the message has a NUL");
	check_refused(TEXT("Content-Type: multipart/mixed; boundary=a\r\n\r\n"
	                   "pre\0amble\r\n--a\r\n\r\nx\r\n--a--\r\n"),
	              PLI_CONVERT_NO_BINARY, PLI_CONVERT_ERROR_FRAME,
	              "part 1 has a NUL");
	check_refused(TEXT("Content-Type: multipart/mixed; boundary=a\r\n\r\n"
	                   "--a\r\n\r\nx\r\n--a--\r\nepi\rlogue"),
	              PLI_CONVERT_NO_BINARY, PLI_CONVERT_ERROR_FRAME,
	              "part 1 has a NUL");
}

static void
test_changes(void)
{
	static const char text[] = TREE("8bit", "7bit", "X-Y: ", "z", "\xff");
	PliSlice octets = TEXT(text);
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(octets, PLI_LINE_AS_IS, NULL);
	g_autoptr(GBytes) bytes = g_bytes_new_static(text, sizeof text - 1);
	g_autoptr(PliSource) source = pli_source_new_bytes(bytes);
	g_autoptr(PliConvert) convert = pli_convert_new(
	        structure, source, PLI_CONVERT_7BIT, NULL);
	const PliConvertChange *change;

	g_assert_cmpuint(pli_convert_get_n_changes(convert), ==, 2);
	change = pli_convert_get_change(convert, 0);
	g_assert_cmpuint(change->part, ==, 0);
	g_assert_false(change->is_encoded);
	g_assert_cmpint(change->from, ==, PLI_ENCODING_8BIT);
	g_assert_cmpint(change->to, ==, PLI_ENCODING_7BIT);
	change = pli_convert_get_change(convert, 1);
	g_assert_cmpuint(change->part, ==, 4);
	g_assert_true(change->is_encoded);
	g_assert_cmpint(change->to, ==, PLI_ENCODING_BASE64);
}

/* The reader of octets fails: so does the conversion, at once. */
static void
test_short_source(void)
{
	static const char text[] = "Subject: x\r\n\r\na\0b";
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(TEXT(text), PLI_LINE_AS_IS, NULL);
	g_autoptr(GBytes) bytes = g_bytes_new_static(text, sizeof text - 4);
	g_autoptr(PliSource) source = pli_source_new_bytes(bytes);
	g_autoptr(GError) error = NULL;
	g_autoptr(PliConvert) convert = pli_convert_new(
	        structure, source, PLI_CONVERT_NO_BINARY, &error);
	PliSlice octets;

	/* what it is told of is all that it reads before next() */
	while (convert != NULL && error == NULL &&
	       pli_convert_next(convert, &octets, &error) == PLI_STEP_READY)
		g_assert_cmpuint(octets.len, >, 0);
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_IO);
}

static GByteArray *
read_as_served(const char *path)
{
	g_autofree char *octets = NULL;
	GByteArray *out = g_byte_array_new();
	PliLineEnd state = {FALSE};
	gsize n;

	g_assert_true(g_file_get_contents(path, &octets, &n, NULL));
	g_byte_array_set_size(out, (guint)PLI_LINE_END_BOUND(n));
	n = pli_line_end_feed_crlf(&state, pli_slice_new(octets, n),
	                           out->data);
	g_byte_array_set_size(out, (guint)n);
	return out;
}

static void
check_files(GPtrArray *paths)
{
	guint n_done = 0;

	for (guint i = 0; i < paths->len; i++) {
		g_autoptr(GByteArray) text =
		        read_as_served(g_ptr_array_index(paths, i));
		PliSlice octets = pli_slice_new(text->data, text->len);

		if (text->len > 1024 * 1024)
			continue;
		n_done += pli_convert_run_check(octets, PLI_CONVERT_NO_BINARY);
		n_done += pli_convert_run_check(octets, PLI_CONVERT_8BIT);
		n_done += pli_convert_run_check(octets, PLI_CONVERT_7BIT);
	}
	g_test_message("%u conversions of %u files", n_done, paths->len);
	g_assert_cmpuint(n_done, >=, paths->len * 2);
}

static void
test_fixtures(void)
{
	g_autoptr(GPtrArray) paths = pli_corpus_list_fixtures();

	check_files(paths);
}

static void
test_corpus(void)
{
	g_autoptr(GPtrArray) paths = pli_corpus_list(".eml");

	if (paths != NULL)
		check_files(paths);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/convert/leaf", test_leaf);
	g_test_add_func("/engine/convert/untouched", test_untouched);
	g_test_add_func("/engine/convert/labels", test_labels);
	g_test_add_func("/engine/convert/tree", test_tree);
	g_test_add_func("/engine/convert/long-lines", test_long_lines);
	g_test_add_func("/engine/convert/encoded", test_encoded);
	g_test_add_func("/engine/convert/boundary", test_boundary);
	g_test_add_func("/engine/convert/sealed", test_sealed);
	g_test_add_func("/engine/convert/refused", test_refused);
	g_test_add_func("/engine/convert/changes", test_changes);
	g_test_add_func("/engine/convert/short-source", test_short_source);
	g_test_add_func("/engine/convert/fixtures", test_fixtures);
	g_test_add_func("/engine/convert/corpus", test_corpus);
	return g_test_run();
}
