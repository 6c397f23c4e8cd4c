/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ambiguous messages written anew: case by case, and over the fixtures and the
 * corpus, where each must read as before, come out the same again, and have no
 * ambiguity that the scan can see. GMime must see the same parts afterwards.
 */
#include "engine/normalize.h"

#include "engine/parser.h"
#include "tests/lib/corpus.h"
#include "tests/lib/normalize-run.h"
#include "tests/lib/peer.h"

#define TEXT(s) pli_slice_new(s, sizeof(s) - 1)

static void
check_becomes(PliSlice text, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) out = pli_normalize_run(text, FALSE, 7, &error);

	g_assert_no_error(error);
	g_byte_array_append(out, (const guint8 *)"", 1);
	g_assert_cmpstr((const char *)out->data, ==, expected);
	g_assert_true(pli_normalize_run_check(text, FALSE));
}

static void
check_refused(PliSlice text, PliNormalizeError code, const char *start)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) out =
		pli_normalize_run(text, FALSE, 4096, &error);

	g_assert_null(out);
	g_assert_error(error, PLI_NORMALIZE_ERROR, (gint)code);
	g_test_message("%s", error->message);
	g_assert_true(g_str_has_prefix(error->message, start));
}

static void
test_fields(void)
{
	static const char plain[] = "Subject: x\r\nX:\tas it  is\r\n\r\nx";

	check_becomes(TEXT(plain), plain);
	check_becomes(TEXT(""), "");
	/* the first of each, and nothing that is no field */
	check_becomes(TEXT("Subject: one\r\nno field\r\nSubject: two\r\n"
			   "X-A : b\r\nX-B: c\r\n \r\n d\r\n\r\nx"),
		      "Subject: one\r\nX-A: b\r\nX-B: c\r\n  d\r\n\r\nx");
	/* blanks between two words are of the text, those at the end are not */
	check_becomes(TEXT("Subject: a\r\n \t\r\n  b\r\n \0\r\n\r\nx"),
		      "Subject: a\r\n \t  b\r\n\r\nx");
	check_becomes(TEXT(" first\r\nSubject: one\r\n\r\nx"),
		      "Subject: one\r\n\r\nx");
	check_becomes(TEXT("Subject: a\rb\r\nX: a\0b\r\n\r\nx"),
		      "Subject: a b\r\nX: a b\r\n\r\nx");
	check_becomes(TEXT("Subject: =?utf-8?Q?a\r\n\r\nx"),
		      "Subject: =?utf-8?B?PT91dGYtOD9RP2E=?=\r\n\r\nx");
	check_becomes(TEXT("From: a@b c <d@example.org>\r\n\r\nx"),
		      "From: \"a@b c\" <d@example.org>\r\n\r\nx");
	/* there is no other way to say this one */
	check_becomes(TEXT("From: Mailer <>\r\n\r\nx"),
		      "From: Mailer <>\r\n\r\nx");
}

static void
test_types(void)
{
	check_becomes(TEXT("MIME-Version: 1.0\r\n"
			   "Content-Type: text/html\r\n"
			   "Content-Type: text/plain\r\n\r\nx"),
		      "MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\nx");
	check_becomes(TEXT("MIME-Version: 1.0\r\n"
			   "Content-Type: image\r\n\r\nx"),
		      "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain\r\n\r\nx");
	check_becomes(TEXT("MIME-Version: 1.0\r\n"
			   "Content-Type: image/png; name=a; name=b\r\n"
			   "Content-Disposition: attachment; filename=\"c.png"
			   "\r\n\r\nx"),
		      "MIME-Version: 1.0\r\n"
		      "Content-Type: image/png\r\n"
		      "Content-Disposition: attachment; filename=c.png\r\n"
		      "\r\nx");
	check_becomes(TEXT("MIME-Version: 1.0\r\n"
			   "Content-Type: image/png; name=a.png\r\n"
			   "Content-Disposition: attachment;\r\n"
			   " filename*=utf-8''%c3%a9; filename=e\r\n\r\nx"),
		      "MIME-Version: 1.0\r\n"
		      "Content-Type: image/png\r\n"
		      "Content-Disposition: attachment;"
		      " filename*=utf-8''%C3%A9\r\n\r\nx");
}

static void
test_bodies(void)
{
#define HEAD(encoding)                                   \
	"MIME-Version: 1.0\r\nContent-Type: image/x\r\n" \
	"Content-Transfer-Encoding: " encoding "\r\n\r\n"
	check_becomes(TEXT(HEAD("base64") "YWJj!ZGVm\r\n"),
		      HEAD("base64") "YWJjZGVm\r\n");
	check_becomes(TEXT(HEAD("x-odd") "abc"), HEAD("base64") "YWJj\r\n");
	check_becomes(TEXT(HEAD("7bit") "a\0b"), HEAD("base64") "YQBi\r\n");
	check_becomes(TEXT("Content-Transfer-Encoding: quoted-printable\r\n"
			   "\r\na=zz=c3=a9 \r\n"),
		      "Content-Transfer-Encoding: quoted-printable\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "MIME-Version: 1.0\r\n\r\na=3Dzz=C3=A9\r\n");
}

/* What ends in the middle of a line stands where there is more behind it. */
static void
test_opened(void)
{
	check_becomes(TEXT("MIME-Version: 1.0\r\n"
			   "Content-Type: message/rfc822\r\n"
			   "Content-Transfer-Encoding: base64\r\n\r\n"
			   "QTogYg0KIA==\r\n"), /* "A: b", and a blank */
		      "MIME-Version: 1.0\r\n"
		      "Content-Type: message/rfc822\r\n\r\n"
		      "A: b\r\n\r\n");
}

#define YENC                                              \
	"MIME-Version: 1.0\r\n"                           \
	"Content-Type: text/plain; charset=utf-7\r\n\r\n" \
	"=ybegin line=128 size=2 name=x\r\n+\xe1\r\n=yend size=2\r\n"

static void
test_charsets(void)
{
	check_becomes(TEXT("Subject: x\r\n\r\nCaf\xc3\xa9\r\n"),
		      "Subject: x\r\nContent-Type: text/plain; "
		      "charset=utf-8\r\nMIME-Version: 1.0\r\n\r\n"
		      "Caf\xc3\xa9\r\n");
	check_becomes(TEXT("MIME-Version: 1.0\r\n"
			   "Content-Type: text/plain; charset=utf-7\r\n\r\n"
			   "+ADw-b+AD4-\r\n"),
		      "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		      "<b>\r\n");
	/* a file in it would not be the same in UTF-8 */
	check_becomes(TEXT(YENC), YENC);
	check_becomes(TEXT(YENC "\0\r\n"),
		      "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=utf-7\r\n"
		      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		      "=3Dybegin line=3D128 size=3D2 name=3Dx\r\n+=E1\r\n"
		      "=3Dyend size=3D2\r\n=00\r\n");
}

#define CLOSED "=_555ab3af357595dfb7a2bd910c816a48fa38ff8c"
#define NEW "=_a5f58d1bb6b3906bf65368a0fe47fec8f0affd21"

static void
test_multiparts(void)
{
	/* a boundary after the close, a preamble that looks like a part */
	static const char text[] =
		"MIME-Version: 1.0\r\n"
		"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
		"Content-Type: text/html\r\n\r\n<p>\r\n"
		"--a\r\n\r\none\r\n--a\r\n\r\ntwo\r\n--a--\r\n"
		"--a\r\n\r\nthree\r\n--a--\r\n";
	g_autoptr(GByteArray) out =
		pli_normalize_run(TEXT(text), FALSE, 4096, NULL);
	g_autoptr(PliStructure) structure = pli_parser_parse(
		pli_slice_new(out->data, out->len), PLI_LINE_AS_IS, NULL);

	g_assert_cmpuint(pli_structure_get_n_parts(structure), ==, 3);
	g_assert_cmpuint(pli_structure_get_n_defects(structure), ==, 0);
	g_assert_null(g_strstr_len((const char *)out->data, out->len, "three"));
	g_assert_null(g_strstr_len((const char *)out->data, out->len, "<p>"));
	g_assert_true(pli_normalize_run_check(TEXT(text), FALSE));
	/* a message only by its place, which is not opened */
	check_becomes(TEXT("MIME-Version: 1.0\r\n"
			   "Content-Type: multipart/digest; boundary=a\r\n\r\n"
			   "--a\r\nContent-Transfer-Encoding: odd\r\n\r\n"
			   "Subject: x\r\n\r\n\r\n--a--\r\n"),
		      "MIME-Version: 1.0\r\n"
		      "Content-Type: multipart/digest;\r\n"
		      " boundary=\"" CLOSED "\"\r\n\r\n"
		      "--" CLOSED "\r\n"
		      "Content-Transfer-Encoding: base64\r\n"
		      "Content-Type: application/octet-stream\r\n\r\n"
		      "U3ViamVjdDogeA0KDQo=\r\n\r\n--" CLOSED "--\r\n");
	/* without a part it gets the one that is read */
	check_becomes(TEXT("MIME-Version: 1.0\r\n"
			   "Content-Type: multipart/mixed\r\n\r\nx"),
		      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n"
		      " boundary=\"" NEW "\"\r\n\r\n"
		      "--" NEW "\r\nContent-Type: text/plain\r\n\r\n\r\n"
		      "--" NEW "--\r\n");
}

#define SEALED(inside, after)                                           \
	"MIME-Version: 1.0\r\n"                                         \
	"Content-Type: multipart/mixed; boundary=a\r\n\r\n"             \
	"--a\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n"     \
	"--b\r\n" inside "\r\n\r\nin\r\n"                               \
	"--b\r\nContent-Type: application/pgp-signature\r\n\r\nsig\r\n" \
	"--b--\r\n--a\r\n" after "\r\n\r\nx\r\n--a--\r\n"

static void
test_sealed(void)
{
	static const char sealed[] =
		"Content-Type: multipart/signed; boundary=b\r\n\r\n"
		"--b\r\nX: y\r\n\r\nin\r\n"
		"--b\r\nContent-Type: application/pgp-signature\r\n\r\n"
		"sig\r\n--b--";
	g_autoptr(GByteArray) out = NULL;

	check_refused(TEXT(SEALED("X : y", "Y: z")), PLI_NORMALIZE_ERROR_SIGNED,
		      "part 1.1 is ambiguous");
	g_assert_true(
		pli_normalize_run_check(TEXT(SEALED("X : y", "Y: z")), TRUE));
	/* beside it there may be what there is: not an octet of it changes */
	out = pli_normalize_run(TEXT(SEALED("X: y", "Y : z")), FALSE, 99, NULL);
	g_assert_nonnull(
		g_strstr_len((const char *)out->data, out->len, sealed));
	g_assert_nonnull(
		g_strstr_len((const char *)out->data, out->len, "\r\nY: z"));
}

static void
test_refused(void)
{
	g_autoptr(GString) deep = g_string_new(NULL);

	check_refused(TEXT("Subject: x\n\nx"), PLI_NORMALIZE_ERROR_LINES,
		      "the message has lines");
	for (guint i = 0; i < 200; i++)
		g_string_append(deep, "Content-Type: message/rfc822\r\n\r\n");
	check_refused(pli_slice_from_string(deep->str),
		      PLI_NORMALIZE_ERROR_LIMIT, "the message has more");
}

static gboolean
is_scanned_ambiguous(PliSlice text)
{
	g_autoptr(PliStructure) structure =
		pli_parser_parse(text, PLI_LINE_AS_IS, NULL);

	for (guint32 i = 0; i < pli_structure_get_n_defects(structure); i++) {
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		if (pli_defect_get_info(defect.id)->kind ==
			    PLI_DEFECT_AMBIGUITY &&
		    !pli_normalize_is_inside(defect.id, PLI_ENCODING_7BIT)) {
			g_test_message("left: %s",
				       pli_defect_get_info(defect.id)->name);
			return TRUE;
		}
	}
	return FALSE;
}

typedef struct {
	GPtrArray *names, *messages; /* what was normalised */
	guint n_done, n_refused;
} Results;

static void
take_file(Results *r, const char *path)
{
	g_autofree char *octets = NULL;
	g_autoptr(GByteArray) out = NULL;
	g_autoptr(GByteArray) served = NULL;
	gsize n;

	g_assert_true(g_file_get_contents(path, &octets, &n, NULL));
	g_test_message("%s", path);
	if (!pli_normalize_run_check(pli_slice_new(octets, n), FALSE)) {
		r->n_refused++;
		return;
	}
	r->n_done++;
	served = pli_normalize_run_make_served(pli_slice_new(octets, n));
	out = pli_normalize_run(pli_slice_new(served->data, served->len), FALSE,
				4096, NULL);
	g_assert_false(
		is_scanned_ambiguous(pli_slice_new(out->data, out->len)));
	if (pli_slice_equal(pli_slice_new(out->data, out->len),
	                    pli_slice_new(served->data, served->len)))
		return;
	g_ptr_array_add(r->names, g_strdup(path));
	g_ptr_array_add(r->messages, g_bytes_new(out->data, out->len));
}

/* What leaves decode to, of messages that GMime can be given. */
static gboolean
has_other_content(PliSlice text)
{
	g_autoptr(PliStructure) structure =
		pli_parser_parse(text, PLI_LINE_LF_FILE, NULL);
	g_autoptr(GPtrArray) ours = NULL, theirs = NULL;

	if (!pli_peer_is_vetted(structure, text))
		return FALSE;
	ours = pli_peer_contents_of(structure, text);
	theirs = pli_peer_contents_gmime(text);
	return pli_peer_find_other_content(ours, theirs) >= 0;
}

/* Parts, types, where each body lies, and what it decodes to. */
static void
compare_peers(const Results *r)
{
	g_autoptr(GPtrArray) theirs =
		pli_peer_run(pli_peer_tree_gmime, r->messages);
	guint n_other = 0;

	for (guint i = 0; i < r->messages->len; i++) {
		gsize n;
		gconstpointer data =
			g_bytes_get_data(r->messages->pdata[i], &n);
		g_autofree char *ours =
			pli_peer_tree_pli(pli_slice_new(data, n));

		if (g_strcmp0(ours, theirs->pdata[i]) == 0 &&
		    !has_other_content(pli_slice_new(data, n)))
			continue;
		n_other++;
		g_test_message("GMime differs on %s\n%s\n%s",
			       (char *)r->names->pdata[i], ours,
			       (char *)theirs->pdata[i]);
	}
	g_test_message("%u normalised, GMime differs on %u", r->messages->len,
		       n_other);
	g_assert_cmpuint(n_other, ==, 0);
}

static void
check_files(GPtrArray *paths)
{
	Results r = {
		.names = g_ptr_array_new_with_free_func(g_free),
		.messages = g_ptr_array_new_with_free_func(
			(GDestroyNotify)g_bytes_unref),
	};

	for (guint i = 0; i < paths->len; i++)
		take_file(&r, paths->pdata[i]);
	g_test_message("%u done, %u refused", r.n_done, r.n_refused);
	g_assert_cmpuint(r.n_done, >, paths->len / 2);
	compare_peers(&r);
	g_ptr_array_unref(r.names);
	g_ptr_array_unref(r.messages);
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
	g_autoptr(GPtrArray) paths = pli_corpus_list("");

	if (paths != NULL)
		check_files(paths);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/normalize/fields", test_fields);
	g_test_add_func("/engine/normalize/types", test_types);
	g_test_add_func("/engine/normalize/bodies", test_bodies);
	g_test_add_func("/engine/normalize/opened", test_opened);
	g_test_add_func("/engine/normalize/charsets", test_charsets);
	g_test_add_func("/engine/normalize/multiparts", test_multiparts);
	g_test_add_func("/engine/normalize/sealed", test_sealed);
	g_test_add_func("/engine/normalize/refused", test_refused);
	g_test_add_func("/engine/normalize/fixtures", test_fixtures);
	g_test_add_func("/engine/normalize/corpus", test_corpus);
	return g_test_run();
}
