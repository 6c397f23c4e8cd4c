/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fields as they are written, and as Pli's own readers and GMime read them;
 * tests/e2e/test-header-writer.py asks Python's.
 */
#include "tests/lib/header-run.h"

#include <gmime/gmime.h>

#define S(s) PLI_SLICE_LITERAL(s)
#define UTF8 PLI_HEADER_WRITER_UTF8
#define GERMAN "M\303\274nchen"
#define RUSSIAN "\320\277\321\200\320\270\320\262\320\265\321\202"
#define EMOJI "\360\237\216\211"

/* ---- text ---- */

static char *
write_text(PliHeaderWriterFlags flags, const char *name, const char *text)
{
	g_auto(PliBuf) out = {0};
	g_autoptr(GError) error = NULL;

	pli_buf_init(&out, 1024 * 1024);
	g_assert_true(pli_header_writer_add_text(
		&out, flags, name, pli_slice_from_string(text), &error));
	g_assert_no_error(error);
	header_run_check_text(pli_buf_slice(&out), name,
			      pli_slice_from_string(text));
	return pli_buf_steal_string(&out);
}

static void
check_text(const char *text, const char *want)
{
	g_autofree char *have =
		write_text(PLI_HEADER_WRITER_ASCII, "Subject", text);
	g_autofree char *value =
		header_run_unfold(pli_slice_from_string(have));
	g_autofree char *gmime = g_mime_utils_header_decode_text(NULL, value);

	g_assert_cmpstr(gmime, ==, text);
	g_assert_true(g_str_is_ascii(have));
	if (want != NULL)
		g_assert_cmpstr(have, ==, want);
}

static void
test_text(void)
{
	check_text("", "Subject:\r\n");
	check_text("Hello there", "Subject: Hello there\r\n");
	check_text("two  blanks\tand a tab",
		   "Subject: two  blanks\tand a tab\r\n");
	check_text(GERMAN, "Subject: =?utf-8?Q?M=C3=BCnchen?=\r\n");
	check_text(RUSSIAN,
		   "Subject: =?utf-8?B?0L/RgNC40LLQtdGC?=\r\n");
	check_text("a " GERMAN " b", "Subject: a =?utf-8?Q?M=C3=BCnchen?= "
				     "b\r\n");
	/* blanks between words belong to them; a "_" is none */
	check_text(GERMAN " xyzxyzxyzxyzxyzxyz\303\274_",
		   "Subject: =?utf-8?Q?M=C3=BCnchen_xyzxyzxyzxyzxyzxyz=C3=BC=5F"
		   "?=\r\n");
	check_text(GERMAN ", x " GERMAN "!", NULL);
}

static void
test_text_odd(void)
{
	check_text(" leading", "Subject: =?utf-8?Q?_leading?=\r\n");
	check_text("trailing ", "Subject: =?utf-8?Q?trailing_?=\r\n");
	check_text("one two \t", "Subject: one =?utf-8?Q?two_=09?=\r\n");
	check_text("   ", "Subject: =?utf-8?Q?___?=\r\n");
	check_text("=?utf-8?Q?x?=",
		   "Subject: =?utf-8?B?PT91dGYtOD9RP3g/PQ==?=\r\n");
	check_text("a=?b", "Subject: =?utf-8?Q?a=3D=3Fb?=\r\n");
	check_text("many                       blanks", NULL);
	check_text(GERMAN "                       " GERMAN, NULL);
}

static void
test_text_folds(void)
{
	g_autofree char *first = g_strnfill(69, 'x');
	g_autofree char *fits = g_strconcat(first, NULL);
	g_autofree char *want = g_strconcat("Subject: ", first, "\r\n", NULL);
	g_autofree char *more = g_strconcat(first, " y", NULL);
	g_autofree char *folded =
		g_strconcat("Subject: ", first, "\r\n y\r\n", NULL);
	g_autofree char *url = g_strnfill(300, 'u');
	g_autofree char *long_url =
		g_strconcat("see ", url, " there", NULL);
	g_autofree char *long_want = g_strconcat("Subject: see\r\n ", url,
						 "\r\n there\r\n", NULL);
	g_autofree char *endless = g_strnfill(3000, 'e');

	check_text(fits, want);
	check_text(more, folded);
	check_text(long_url, long_want);
	check_text(url, NULL);
	check_text(endless, NULL);
}

/* Any text of these, of any length. */
static void
test_text_random(void)
{
	static const char *const pieces[] = {
		"a",   "word",	" ",	" ",	   "  ",
		"\t",  GERMAN,	RUSSIAN, EMOJI,	   "\346\227\245\346\234\254",
		"=?",  "?=",	"_",	 "=41",	   "(c)",
		"\"q", "0123456789012345678901234567890123456789"};
	g_autoptr(GRand) random = g_rand_new_with_seed(2047);

	for (guint round = 0; round < 4000; round++) {
		g_autoptr(GString) text = g_string_new(NULL);
		const guint n = g_rand_int_range(random, 0, 60);
		const gint kinds = g_rand_int_range(
			random, 1, G_N_ELEMENTS(pieces) + 1);
		g_autofree char *raw = NULL;

		for (guint i = 0; i < n; i++)
			g_string_append(text,
					pieces[g_rand_int_range(random, 0,
								kinds)]);
		check_text(text->str, NULL);
		raw = write_text(UTF8, "Subject", text->str);
	}
}

static void
test_text_utf8(void)
{
	g_autofree char *raw = write_text(UTF8, "Subject", "a " GERMAN " b");
	g_autofree char *name = g_strnfill(76, 'N');
	g_autofree char *longest = write_text(UTF8, name, " " RUSSIAN);

	g_assert_cmpstr(raw, ==, "Subject: a " GERMAN " b\r\n");
}

/* ---- what is refused ---- */

static void
assert_refused(gboolean is_written, PliBuf *out, GError **error, int code,
	       const char *says)
{
	g_assert_false(is_written);
	g_assert_error(*error, PLI_HEADER_WRITER_ERROR, code);
	g_assert_nonnull(strstr((*error)->message, says));
	g_assert_null(strpbrk((*error)->message, "\r\n"));
	g_assert_cmpmem(out->data, out->len, "X: y\r\n", 6);
	g_clear_error(error);
}

static void
refuse_text(const char *name, PliSlice text, gsize ceiling, int code,
	    const char *says)
{
	GError *error = NULL;
	g_auto(PliBuf) out = {0};

	pli_buf_init(&out, ceiling);
	pli_buf_append_string(&out, "X: y\r\n");
	assert_refused(pli_header_writer_add_text(&out, UTF8, name, text,
						  &error),
		       &out, &error, code, says);
}

static void
test_injection(void)
{
	const int value = PLI_HEADER_WRITER_ERROR_VALUE;
	const int name = PLI_HEADER_WRITER_ERROR_NAME;
	g_autofree char *long_name = g_strnfill(77, 'N');

	refuse_text("Subject", S("x\r\nBcc: me"), 100, value, "Subject: ");
	refuse_text("Subject", S("x\nBcc: me"), 100, value, "Subject: ");
	refuse_text("Subject", S("x\r"), 100, value, "Subject: ");
	refuse_text("Subject", S("x\0y"), 100, value, "0x00");
	refuse_text("Subject", S("\x7f"), 100, value, "0x7f");
	refuse_text("Subject", S("\xe9"), 100, value, "not UTF-8");
	refuse_text("Sub ject", S("x"), 100, name, "Sub ject: ");
	refuse_text("A:\r\nB", S("x"), 100, name, "A:\\x0d\\x0aB");
	refuse_text("", S("x"), 100, name, "");
	refuse_text(long_name, S("x"), 100, name, "");
	refuse_text("Subject", S("x"), 16, PLI_HEADER_WRITER_ERROR_FULL,
		    "Subject: ");
}

static void
refuse_address(const PliAddress *addresses, gsize n, int code,
	       const char *says)
{
	GError *error = NULL;
	g_auto(PliBuf) out = {0};

	pli_buf_init(&out, 4096);
	pli_buf_append_string(&out, "X: y\r\n");
	assert_refused(pli_header_writer_add_addresses(
			       &out, PLI_HEADER_WRITER_ASCII, "To", addresses,
			       n, &error),
		       &out, &error, code, says);
}

#define MAILBOX(n, l, d)                                                    \
	{PLI_ADDRESS_MAILBOX, S(n), PLI_SLICE_NONE, S(l), S(d)}
#define BEGIN(n)                                                            \
	{PLI_ADDRESS_GROUP_BEGIN, S(n), PLI_SLICE_NONE, PLI_SLICE_NONE,     \
	 PLI_SLICE_NONE}
#define END                                                                 \
	{PLI_ADDRESS_GROUP_END, PLI_SLICE_NONE, PLI_SLICE_NONE,             \
	 PLI_SLICE_NONE, PLI_SLICE_NONE}

static void
test_address_refused(void)
{
	const int bad = PLI_HEADER_WRITER_ERROR_ADDRESS;
	const int value = PLI_HEADER_WRITER_ERROR_VALUE;
	const PliAddress utf8_local[] = {MAILBOX("", "j\303\266", "a.org")};
	const PliAddress utf8_domain[] = {MAILBOX("x", "j", "\303\266.org")};
	static const char *const domains[] = {
		"",	"a b",	 "a>, <b@c", "a,b",   ".a",  "a.",
		"a..b", "[a]b]", "[a b]",    "a@b.c", "(a)", "[]"};
	const PliAddress local_lf[] = {MAILBOX("", "a\r\nb", "c")};
	const PliAddress name_lf[] = {MAILBOX("a\r\nBcc: b", "a", "c")};
	const PliAddress no_local[] = {MAILBOX("", "", "c")};
	const PliAddress route[] = {{PLI_ADDRESS_MAILBOX, S(""), S("@a"),
				     S("b"), S("c")}};
	const PliAddress nested[] = {BEGIN("a"), BEGIN("b"), END, END};
	const PliAddress open[] = {BEGIN("a"), MAILBOX("", "a", "b")};
	const PliAddress closed[] = {END};
	const PliAddress nameless[] = {BEGIN(""), END};

	refuse_address(utf8_local, 1, bad, "To: <j\303\266@a.org>");
	refuse_address(utf8_domain, 1, bad, "To: <j@\303\266.org>");
	for (guint i = 0; i < G_N_ELEMENTS(domains); i++) {
		const PliAddress one = {PLI_ADDRESS_MAILBOX, PLI_SLICE_NONE,
					PLI_SLICE_NONE, S("a"),
					pli_slice_from_string(domains[i])};

		refuse_address(&one, 1, bad, "To: <a@");
	}
	refuse_address(local_lf, 1, value, "To: ");
	refuse_address(name_lf, 1, value, "To: ");
	refuse_address(no_local, 1, bad, "To: <@c>");
	refuse_address(route, 1, bad, "route");
	refuse_address(nested, 4, value, "To: ");
	refuse_address(open, 2, value, "To: ");
	refuse_address(closed, 1, value, "To: ");
	refuse_address(nameless, 2, value, "To: ");
	refuse_address(NULL, 0, value, "To: ");
}

/* ---- addresses ---- */

static void
check_gmime(const char *field, const PliAddress *addresses, gsize n)
{
	g_autofree char *value =
		header_run_unfold(pli_slice_from_string(field));
	InternetAddressList *list = internet_address_list_parse(NULL, value);
	int at = 0;

	for (gsize i = 0; i < n; i++) {
		InternetAddress *one;
		const char *have;
		g_autofree char *name = pli_slice_dup(addresses[i].name);

		if (addresses[i].kind == PLI_ADDRESS_GROUP_BEGIN) {
			while (addresses[++i].kind != PLI_ADDRESS_GROUP_END)
				;
			one = internet_address_list_get_address(list, at++);
			g_assert_true(INTERNET_ADDRESS_IS_GROUP(one));
		} else {
			g_auto(PliBuf) bare = {0};
			g_autofree char *want = NULL;
			const PliAddress addr = {
				.local = addresses[i].local,
				.domain = addresses[i].domain};

			one = internet_address_list_get_address(list, at++);
			pli_buf_init(&bare, 4096);
			g_assert_true(pli_address_format(&addr, &bare));
			want = pli_buf_steal_string(&bare);
			g_assert_cmpstr(internet_address_mailbox_get_addr(
						INTERNET_ADDRESS_MAILBOX(one)),
					==, want);
		}
		have = internet_address_get_name(one);
		/* it drops blanks at the ends of a name */
		g_assert_cmpstr(have != NULL ? have : "", ==,
				g_strstrip(name));
	}
	g_assert_cmpint(internet_address_list_length(list), ==, at);
	g_object_unref(list);
}

static void
check_addresses(PliHeaderWriterFlags flags, const PliAddress *addresses,
		gsize n, const char *want)
{
	g_auto(PliBuf) out = {0};
	g_autoptr(GError) error = NULL;
	g_autofree char *have = NULL;

	pli_buf_init(&out, 1024 * 1024);
	g_assert_true(pli_header_writer_add_addresses(&out, flags, "To",
						      addresses, n, &error));
	g_assert_no_error(error);
	header_run_check_addresses(pli_buf_slice(&out), "To", addresses, n);
	have = pli_buf_steal_string(&out);
	if (want != NULL)
		g_assert_cmpstr(have, ==, want);
	check_gmime(have, addresses, n);
}

#define CHECK(flags, want, ...)                                             \
	G_STMT_START                                                        \
	{                                                                   \
		const PliAddress list[] = {__VA_ARGS__};                    \
		check_addresses(flags, list, G_N_ELEMENTS(list), want);     \
	}                                                                   \
	G_STMT_END

static void
test_addresses(void)
{
	CHECK(0, "To: a@b.org\r\n", MAILBOX("", "a", "b.org"));
	CHECK(0, "To: Joe Doe <a@b.org>\r\n", MAILBOX("Joe Doe", "a", "b.org"));
	CHECK(0, "To: \"Joe Q. Doe\" <a@b.org>\r\n",
	      MAILBOX("Joe Q. Doe", "a", "b.org"));
	CHECK(0, "To: \"a \\\"b\\\" \\\\, <x@y>\" <a@b.org>\r\n",
	      MAILBOX("a \"b\" \\, <x@y>", "a", "b.org"));
	CHECK(0, "To: =?utf-8?B?TcO8bmNoZW4sIHg=?= <a@b.org>\r\n",
	      MAILBOX(GERMAN ", x", "a", "b.org"));
	CHECK(0, "To: \"a b\"@b.org, a.b@[192.0.2.1]\r\n",
	      MAILBOX("", "a b", "b.org"), MAILBOX("", "a.b", "[192.0.2.1]"));
	CHECK(0, "To: =?utf-8?Q?_two__blanks_?= <a@b.org>\r\n",
	      MAILBOX(" two  blanks ", "a", "b.org"));
	CHECK(0, "To: =?utf-8?B?PT94?= <a@b.org>\r\n",
	      MAILBOX("=?x", "a", "b.org"));
}

static void
test_groups(void)
{
	CHECK(0, "To: friends:;\r\n", BEGIN("friends"), END);
	CHECK(0, "To: friends: a@b, c@d;, e@f\r\n", BEGIN("friends"),
	      MAILBOX("", "a", "b"), MAILBOX("", "c", "d"), END,
	      MAILBOX("", "e", "f"));
	CHECK(0, "To: a@b, \"no. 1\":;, =?utf-8?Q?M=C3=BCnchen?=: c@d;\r\n",
	      MAILBOX("", "a", "b"), BEGIN("no. 1"), END, BEGIN(GERMAN),
	      MAILBOX("", "c", "d"), END);
}

static void
test_addresses_utf8(void)
{
	CHECK(UTF8, "To: " GERMAN " <" RUSSIAN "@" GERMAN ".org>\r\n",
	      MAILBOX(GERMAN, RUSSIAN, GERMAN ".org"));
	CHECK(UTF8, "To: \"" GERMAN ", x\" <a@b>\r\n",
	      MAILBOX(GERMAN ", x", "a", "b"));
}

static void
test_addresses_fold(void)
{
	PliAddress many[200];
	static const char *const names[] = {
		"", "Joe Doe", "Joe Q. Doe and others", GERMAN,
		RUSSIAN " " RUSSIAN " " RUSSIAN " " RUSSIAN, EMOJI EMOJI,
		"a very long name of a person who likes to be called by all "
		"of the names that were given, Sr."};

	for (guint i = 0; i < G_N_ELEMENTS(many); i++)
		many[i] = (PliAddress){
			.kind = PLI_ADDRESS_MAILBOX,
			.name = pli_slice_from_string(
				names[(i + i / 7) % G_N_ELEMENTS(names)]),
			.local = S("some.body"),
			.domain = S("mail.example.org"),
		};
	for (guint n = 1; n < G_N_ELEMENTS(many); n++)
		check_addresses(n % 2 ? PLI_HEADER_WRITER_ASCII : UTF8, many,
				n, NULL);
}

/* ---- parameters ---- */

static void
check_param(PliHeaderWriterFlags flags, const char *value, const char *want)
{
	const PliHeaderWriterParam params[] = {
		{S("filename"), pli_slice_from_string(value)},
		{S("size"), S("4")},
	};
	const char *name = "Content-Disposition";
	g_auto(PliBuf) out = {0};
	g_autoptr(GError) error = NULL;
	g_autofree char *have = NULL, *unfolded = NULL;
	GMimeContentDisposition *gmime;

	pli_buf_init(&out, 1024 * 1024);
	g_assert_true(pli_header_writer_add_params(
		&out, flags, name, S("attachment"), params, 2, &error));
	g_assert_no_error(error);
	header_run_check_params(pli_buf_slice(&out), name, params, 2);
	unfolded = header_run_unfold(pli_buf_slice(&out));
	have = pli_buf_steal_string(&out);
	g_assert_true(g_str_is_ascii(have));
	if (want != NULL)
		g_assert_cmpstr(have, ==, want);
	gmime = g_mime_content_disposition_parse(NULL, unfolded);
	if (!(flags & PLI_HEADER_WRITER_FALLBACK))
		g_assert_cmpstr(g_mime_content_disposition_get_parameter(
					gmime, "filename"),
				==, value);
	g_object_unref(gmime);
}

#define D "Content-Disposition: attachment; "

static void
test_params(void)
{
	check_param(0, "a.txt", D "filename=a.txt; size=4\r\n");
	check_param(0, "a b.txt", D "filename=\"a b.txt\"; size=4\r\n");
	check_param(0, "", D "filename=\"\"; size=4\r\n");
	check_param(0, "a\"b\\c", D "filename=\"a\\\"b\\\\c\"; size=4\r\n");
	check_param(0, " a  b ", D "filename=\" a  b \"; size=4\r\n");
	check_param(0, GERMAN ".txt",
		    D "filename*=utf-8''M%C3%BCnchen.txt; size=4\r\n");
	check_param(0, "=?utf-8?Q?x?=", NULL);
	check_param(0, "a\tb'c*%d", NULL);
	check_param(0, "50%", D "filename=50%; size=4\r\n");
}

static void
test_params_long(void)
{
	static const char *const pieces[] = {GERMAN, EMOJI, "\"\\ ;"};
	g_autofree char *ascii = g_strnfill(200, 'a');
	g_autoptr(GString) mixed = g_string_new(NULL);

	check_param(0, ascii, NULL);
	for (guint i = 0; i < 60; i++) {
		g_string_append(mixed, pieces[i % G_N_ELEMENTS(pieces)]);
		check_param(0, mixed->str, NULL);
		check_param(0, ascii + 200 - i * 3, NULL);
	}
	check_param(0, "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""
		       "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"",
		    NULL);
}

static void
test_params_fallback(void)
{
	check_param(PLI_HEADER_WRITER_FALLBACK, GERMAN ".txt",
		    D "filename=\"M_nchen.txt\";\r\n"
		      " filename*=utf-8''M%C3%BCnchen.txt; size=4\r\n");
	check_param(PLI_HEADER_WRITER_FALLBACK, "a.txt",
		    D "filename=a.txt; size=4\r\n");
}

static void
refuse_param(PliSlice value, PliSlice name, PliSlice param_value, int code)
{
	const PliHeaderWriterParam param = {name, param_value};
	GError *error = NULL;
	g_auto(PliBuf) out = {0};

	pli_buf_init(&out, 1024 * 1024);
	pli_buf_append_string(&out, "X: y\r\n");
	assert_refused(pli_header_writer_add_params(&out, 0, "Content-Type",
						    value, &param, 1, &error),
		       &out, &error, code, "Content-Type: ");
}

static void
test_params_refused(void)
{
	const int bad_name = PLI_HEADER_WRITER_ERROR_NAME;
	const int bad_value = PLI_HEADER_WRITER_ERROR_VALUE;
	g_autofree char *endless = g_strnfill(20000, 'x');

	refuse_param(S("text/plain; a=b"), S("x"), S("y"), bad_value);
	refuse_param(S(""), S("x"), S("y"), bad_value);
	refuse_param(S("text/"), S("x"), S("y"), bad_value);
	refuse_param(S("text/plain"), S(""), S("y"), bad_name);
	refuse_param(S("text/plain"), S("x*0"), S("y"), bad_name);
	refuse_param(S("text/plain"), S("x=1; y"), S("y"), bad_name);
	refuse_param(S("text/plain"), S("x"), S("a\r\nb"), bad_value);
	refuse_param(S("text/plain"), S("x"), S("\xff"), bad_value);
	refuse_param(S("text/plain"), S("x"), pli_slice_from_string(endless),
		     PLI_HEADER_WRITER_ERROR_LONG);
}

/* ---- structured ---- */

static void
test_structured(void)
{
	static const char references[] =
		"<0123456789012345678901234567890123456789@example.org> "
		"<1123456789012345678901234567890123456789@example.org>\t"
		"<2123456789012345678901234567890123456789@example.org>";
	g_autofree char *token = g_strnfill(1000, 't');
	g_auto(PliBuf) out = {0};
	g_autofree char *unfolded = NULL;
	GError *error = NULL;

	pli_buf_init(&out, 1024 * 1024);
	g_assert_true(pli_header_writer_add_structured(
		&out, 0, "References", pli_slice_from_string(references),
		NULL));
	header_run_check_lines(pli_buf_slice(&out), "References");
	unfolded = header_run_unfold(pli_buf_slice(&out));
	g_assert_cmpstr(unfolded, ==, references);
	pli_buf_reset(&out);
	g_assert_true(pli_header_writer_add_structured(
		&out, 0, "MIME-Version", S(" 1.0 "), NULL));
	g_assert_cmpmem(out.data, out.len, "MIME-Version: 1.0\r\n", 19);
	pli_buf_reset(&out);
	pli_buf_append_string(&out, "X: y\r\n");
	assert_refused(pli_header_writer_add_structured(
			       &out, 0, "Date", S("\303\274"), &error),
		       &out, &error, PLI_HEADER_WRITER_ERROR_VALUE, "Date: ");
	assert_refused(pli_header_writer_add_structured(&out, 0, "Date",
							S("a\nb"), &error),
		       &out, &error, PLI_HEADER_WRITER_ERROR_VALUE, "Date: ");
	assert_refused(pli_header_writer_add_structured(
			       &out, 0, "List-Id",
			       pli_slice_from_string(token), &error),
		       &out, &error, PLI_HEADER_WRITER_ERROR_LONG, "List-Id: ");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_mime_init();
#define ADD(name, function)                                                 \
	g_test_add_func("/engine/header-writer/" name, function)
	ADD("text", test_text);
	ADD("text-odd", test_text_odd);
	ADD("text-folds", test_text_folds);
	ADD("text-random", test_text_random);
	ADD("text-utf8", test_text_utf8);
	ADD("injection", test_injection);
	ADD("addresses", test_addresses);
	ADD("addresses-fold", test_addresses_fold);
	ADD("addresses-refused", test_address_refused);
	ADD("addresses-utf8", test_addresses_utf8);
	ADD("groups", test_groups);
	ADD("params", test_params);
	ADD("params-fallback", test_params_fallback);
	ADD("params-long", test_params_long);
	ADD("params-refused", test_params_refused);
	ADD("structured", test_structured);
	return g_test_run();
}
