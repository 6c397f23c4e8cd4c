/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/corpus.h"
#include "tests/lib/decode.h"
#include "tests/lib/partial-run.h"

#define PARTIAL(id, rest) \
	"Content-Type: message/partial; id=\"" id "\"; " rest "\r\n"
#define FIRST_FIELDS                                                  \
	"X-Note: outer\r\nFrom: a@example.org\r\nsubject: part 1\r\n" \
	"Message-ID: <1@x>\r\nMIME-Version: 1.0\r\nEncrypted: no\r\n"
#define INNER                                                          \
	"X-Note: inner\r\nFrom: b@example.org\r\nSubject: whole\r\n"   \
	"Message-ID: <w@x>\r\nMIME-Version: 1.0\r\nENCRYPTED: yes\r\n" \
	"Content-Type: text/plain\r\ncontent-x:\r\n folded\r\n\r\n"    \
	"one\r\n"
#define FIRST FIRST_FIELDS PARTIAL("i", "number=1; total=2") "\r\n" INNER
#define SECOND                                                        \
	"X-Note: second\r\n" PARTIAL("i", "number=2; total=2") "\r\n" \
							       "two\r\n"
#define WHOLE_HEADER                                                   \
	"X-Note: outer\r\nFrom: a@example.org\r\n"                     \
	"Subject: whole\r\nMessage-ID: <w@x>\r\nMIME-Version: 1.0\r\n" \
	"ENCRYPTED: yes\r\nContent-Type: text/plain\r\ncontent-x:\r\n" \
	" folded\r\n\r\n"

/* `expected`: the message, then defects. NULL: no piece is good. */
static void
check(const char *a, const char *b, const char *c, const char *expected)
{
	const PliSlice all[] = {pli_slice_from_string(a),
				pli_slice_from_string(b),
				pli_slice_from_string(c)};
	const guint32 n = c != NULL ? 3 : b != NULL ? 2 : 1;
	PliDefectSet set = {0};
	g_autoptr(GByteArray) got = pli_partial_run(all, n, &set);

	if (got == NULL)
		got = g_byte_array_new();
	pli_decode_append_defects(got, &set);
	g_assert_cmpmem(got->data, got->len, expected, strlen(expected));
}

static void
test_join(void)
{
	check(FIRST, SECOND, NULL, WHOLE_HEADER "one\r\ntwo\r\n");
	check(SECOND, FIRST, NULL, WHOLE_HEADER "one\r\ntwo\r\n");
	check(PARTIAL("i", "number=1") "\r\nSubject: s\r\n\r\none\r\n",
	      PARTIAL("i", "number=3; total=3") "\r\nthree\r\n",
	      PARTIAL("i", "number=2") "\r\ntwo\r\n",
	      "Subject: s\r\n\r\none\r\ntwo\r\nthree\r\n");
	check(PARTIAL("i", "number=1; total=1") "\r\n\r\nbody", NULL, NULL,
	      "\r\nbody");
	check(PARTIAL("i", "number=1; total=1") "\r\n", NULL, NULL, "");
}

/* The header goes on in the second piece, as it stands there. */
static void
test_cut_header(void)
{
	check(PARTIAL("i", "number=1; total=2") "\r\nX: no\r\nSubject: s\r\n",
	      PARTIAL("i",
		      "number=2; total=2") "\r\nContent-Type: a/b\r\n\r\nt",
	      NULL, "Subject: s\r\nContent-Type: a/b\r\n\r\nt");
}

static void
test_encoded(void)
{
	check("From: a\r\nContent-Transfer-Encoding: base64\r\n" PARTIAL(
		      "i", "number=1; total=2") "\r\nWDogMQ0KU3ViamVjdDogcw"
						"0KDQpvbmUK",
	      "Content-Transfer-Encoding: quoted-printable\r\n" PARTIAL(
		      "i", "number=2; total=2") "\r\n=74wo",
	      NULL, "From: a\r\nSubject: s\r\n\r\none\ntwo partial-encoded");
}

static void
test_incomplete(void)
{
	check(FIRST, NULL, NULL, WHOLE_HEADER "one\r\n partial-incomplete");
	check(PARTIAL("i", "number=1") "\r\n\r\n1\r\n",
	      PARTIAL("i", "number=2") "\r\n2\r\n", NULL,
	      "\r\n1\r\n2\r\n partial-incomplete");
	check("Subject: s\r\n\r\nno piece\r\n", NULL, NULL,
	      " partial-incomplete");
}

static void
test_conflicts(void)
{
	static const char whole[] =
		WHOLE_HEADER "one\r\ntwo\r\n partial-conflict";

	check(FIRST, SECOND, PARTIAL("j", "number=2; total=2") "\r\nother",
	      whole);
	check(FIRST, SECOND, PARTIAL("i", "number=2; total=2") "\r\nagain",
	      whole);
	check(FIRST, SECOND, PARTIAL("i", "number=3; total=2") "\r\nmore",
	      whole);
	check(FIRST, SECOND, PARTIAL("i", "number=1; total=3") "\r\nmore",
	      whole);
}

static void
test_malformed(void)
{
	static const char *const bad[] = {
		PARTIAL("i", "total=2") "\r\nx",
		PARTIAL("i", "number=0; total=2") "\r\nx",
		PARTIAL("i", "number=2x; total=2") "\r\nx",
		PARTIAL("i", "number=9999999999; total=2") "\r\nx",
		PARTIAL("", "number=2; total=2") "\r\nx",
		"Content-Type: message/partial; number=2; total=2\r\n\r\nx",
	};

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		check(FIRST, bad[i], SECOND,
		      WHOLE_HEADER "one\r\ntwo\r\n partial-malformed");
}

static gint
compare_lines(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The fields in another order, the rest as it is. */
static void
check_same(const char *got, const char *want)
{
	g_auto(GStrv) a = g_strsplit(got, "\r\n\r\n", 2);
	g_auto(GStrv) b = g_strsplit(want, "\r\n\r\n", 2);
	g_auto(GStrv) x = g_strsplit(a[0], "\r\n", -1);
	g_auto(GStrv) y = g_strsplit(b[0], "\r\n", -1);

	qsort(x, g_strv_length(x), sizeof *x, compare_lines);
	qsort(y, g_strv_length(y), sizeof *y, compare_lines);
	g_assert_true(
		g_strv_equal((const char *const *)x, (const char *const *)y));
	g_assert_cmpstr(a[1], ==, b[1]);
}

/* In CRLF, whatever it is on disk. */
static char *
read_file(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autofree char *octets = NULL;
	g_auto(GStrv) lines = NULL;

	g_assert_true(g_file_get_contents(path, &octets, NULL, NULL));
	lines = g_strsplit(octets, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++)
		if (g_str_has_suffix(lines[i], "\r"))
			lines[i][strlen(lines[i]) - 1] = '\0';
	return g_strjoinv("\r\n", lines);
}

static void
check_set(const char *folder, const char *name, guint n)
{
	g_autofree char *file = g_strconcat(name, ".eml", NULL);
	g_autofree char *want = read_file(folder, file);
	g_autoptr(GPtrArray) octets = g_ptr_array_new_with_free_func(g_free);
	g_autofree PliSlice *pieces = g_new(PliSlice, n);
	g_autoptr(GByteArray) got = NULL;
	PliDefectSet set = {0};

	for (guint i = 0; i < n; i++) {
		g_autofree char *one = g_strdup_printf("%s.%u.eml", name, i);

		g_ptr_array_add(octets, read_file(folder, one));
		/* the last one first */
		pieces[n - 1 - i] = pli_slice_from_string(octets->pdata[i]);
	}
	got = pli_partial_run(pieces, n, &set);
	g_assert_true(pli_defect_set_is_empty(&set));
	g_byte_array_append(got, (const guint8 *)"", 1);
	check_same((const char *)got->data, want);
}

static void
test_corpus(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list("rfc2046.0.eml");
	g_autofree char *folder = NULL;

	if (files == NULL)
		return;
	g_assert_cmpuint(files->len, ==, 1);
	folder = g_path_get_dirname(files->pdata[0]);
	check_set(folder, "rfc2046", 2);
	check_set(folder, "message-partial", 3);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/partial/join", test_join);
	g_test_add_func("/engine/partial/cut-header", test_cut_header);
	g_test_add_func("/engine/partial/encoded", test_encoded);
	g_test_add_func("/engine/partial/incomplete", test_incomplete);
	g_test_add_func("/engine/partial/conflicts", test_conflicts);
	g_test_add_func("/engine/partial/malformed", test_malformed);
	g_test_add_func("/engine/partial/corpus", test_corpus);
	return g_test_run();
}
