/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/address.h"

static void
add_slice(GString *out, PliSlice s)
{
	if (s.data == NULL)
		g_string_append(out, "-");
	else
		g_string_append_printf(out, "%.*s", (int)s.len, s.data);
	g_string_append_c(out, '|');
}

/* "name|route|local|domain|;" an address, "{name}" a group, "}" its end. */
static char *
read_all(const char *text, const PliLimits *limits, PliDefectSet *set)
{
	g_autofree char *copy = g_memdup2(text, strlen(text));
	g_autoptr(PliAddressReader) reader = pli_address_reader_new(
		pli_slice_new(copy, strlen(text)), limits);
	GString *out = g_string_new(NULL);
	PliAddress address;

	while (pli_address_reader_next(reader, &address) == PLI_STEP_READY) {
		if (address.kind == PLI_ADDRESS_GROUP_END) {
			g_string_append(out, "}");
		} else if (address.kind == PLI_ADDRESS_GROUP_BEGIN) {
			g_string_append(out, "{");
			add_slice(out, address.name);
		} else {
			add_slice(out, address.name);
			add_slice(out, address.route);
			add_slice(out, address.local);
			add_slice(out, address.domain);
			g_string_append(out, ";");
		}
	}
	g_assert_cmpint(pli_address_reader_next(reader, &address), ==,
			PLI_STEP_WANT);
	pli_address_reader_get_defects(reader, set);
	return g_string_free(out, FALSE);
}

static void
check(const char *text, const char *want, gboolean is_malformed)
{
	PliDefectSet set = {{0}};
	g_autofree char *got = read_all(text, NULL, &set);

	g_test_message("%s", text);
	g_assert_cmpstr(got, ==, want);
	g_assert_cmpint(pli_defect_set_has(&set, PLI_DEFECT_ADDRESS_MALFORMED),
			==, is_malformed);
}

static void
good(const char *text, const char *want)
{
	check(text, want, FALSE);
}

static void
bad(const char *text, const char *want)
{
	check(text, want, TRUE);
}

/* RFC 5322 A.1 and A.5. */
static void
test_rfc5322(void)
{
	good("John Doe <jdoe@machine.example>",
	     "John Doe|-|jdoe|machine.example|;");
	good("\"Joe Q. Public\" <john.q.public@example.com>",
	     "Joe Q. Public|-|john.q.public|example.com|;");
	good("Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
	     "Mary Smith|-|mary|x.test|;-|-|jdoe|example.org|;"
	     "Who?|-|one|y.test|;");
	good("<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <s@example.net>",
	     "-|-|boss|nil.test|;Giant; \"Big\" Box|-|s|example.net|;");
	good("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
	     "{A Group|Ed Jones|-|c|a.test|;-|-|joe|where.test|;"
	     "John|-|jdoe|one.test|;}");
	good("Undisclosed recipients:;", "{Undisclosed recipients|}");
	good("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
	     "Pete|-|pete|silly.test|;");
	good("A Group(Some people)\r\n :Chris Jones <c@(Chris's host.)public."
	     "example>,\r\n joe@example.org,\r\n John <jdoe@one.test> (my dear "
	     "friend); (the end of the group)",
	     "{A Group|Chris Jones|-|c|public.example|;-|-|joe|example.org|;"
	     "John|-|jdoe|one.test|;}");
	good("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
	     "{Hidden recipients|}");
}

/* RFC 5322 4.4 and A.6. */
static void
test_obsolete(void)
{
	good("Joe Q. Public <john.q.public@example.com>",
	     "Joe Q. Public|-|john.q.public|example.com|;");
	good("Mary Smith <@node.test,@b.test:mary@example.net>, , jdoe@test  . "
	     "example",
	     "Mary Smith|@node.test,@b.test|mary|example.net|;"
	     "-|-|jdoe|test.example|;");
	good("john . doe @ x.test", "-|-|john.doe|x.test|;");
	good("pete(comment)@silly.example", "comment|-|pete|silly.example|;");
	good("jdoe@x.test (John (\"J\") Doe)",
	     "John (\"J\") Doe|-|jdoe|x.test|;");
	good(",,a@b,,", "-|-|a|b|;");
	good("", "");
	good(" \r\n ", "");
}

static void
test_quoting(void)
{
	good("\"a b\"@x.test", "-|-|a b|x.test|;");
	good("\"a\\\\\\\"b\".c@x.test", "-|-|a\\\"b.c|x.test|;");
	bad("[x.test]@y.test", "-|-|[x.test]|y.test|;");
	bad("A <a]b\\c@y.test>", "A|-|a]b\\c|y.test|;");
	good("[x] <a@b>", "[x]|-|a|b|;");
	good("u@[192.0.2.1]", "-|-|u|[192.0.2.1]|;");
	good("<u@[IPv6:2001:db8::1]>", "-|-|u|[IPv6:2001:db8::1]|;");
	bad("u@[1\\\r\n ]", "-|-|u|[1 ]|;");
	bad("u@[\\\r\n]", "-|-|u|[]|;");
	good("\"one\r\n two\" <a@b>", "one two|-|a|b|;");
	good("J\xc3\xbcrgen <j\xc3\xbc@\xc3\xbc.test>",
	     "J\xc3\xbcrgen|-|j\xc3\xbc|\xc3\xbc.test|;");
	good("=?utf-8?Q?Doe,_Joe?= <j@x>, b@y",
	     "=?utf-8?Q?Doe,_Joe?=|-|j|x|;-|-|b|y|;");
}

static void
test_bare(void)
{
	bad("bare", "-|-|bare|-|;");
	bad("Joe Public", "Joe Public|-|-|-|;");
	bad("a@", "-|-|a||;");
	bad("@b", "-|-||b|;");
	bad("Joe Public joe@x", "Joe Public|-|joe|x|;");
	bad("a@b c@d, e@f", "-|-|a|b|;-|-|c|d|;-|-|e|f|;");
	bad("a@b c d@e f", "-|-|a|b|;c|-|d|e|;");
	bad("a@b junk, c@d", "-|-|a|b|;-|-|c|d|;");
	bad("a@b@c", "-|-|a@b|c|;");
	bad("a@b; c@d", "-|-|a|b|;-|-|c|d|;");
	check("joe@x <joe@y>", "joe@x|-|joe|y|;", TRUE);
	check("joe@x of y <joe@y>", "joe@x of y|-|joe|y|;", TRUE);
}

static void
test_brackets(void)
{
	bad("<>", "-|-||-|;");
	bad("<joe>", "-|-|joe|-|;");
	bad("<a@b", "-|-|a|b|;");
	bad("<a@b, c@d", "-|-|a|b|;-|-|c|d|;");
	bad("<<a@b>>, c@d", "-|-|a|b|;-|-|c|d|;");
	bad("a@b>, c@d", "-|-|a|b|;-|-|c|d|;");
	bad("Joe <a@b> Jim <c@d>", "Joe|-|a|b|;Jim|-|c|d|;");
	bad("<a@b> junk, c@d", "-|-|a|b|;-|-|c|d|;");
	bad("<mailto:a@b>", "-|-|a|b|;");
	bad("<a b@c d>", "-|-|a b|c|;");
	bad("<@r>", "-|-||r|;");
	bad("<@r, c@d>", "-|-||r|;-|-|c|d|;");
}

static void
test_unclosed(void)
{
	bad("Joe :( <a@b>", "{Joe|(|-|a|b|;}");
	bad("Joe ( <a@b>", "Joe (|-|a|b|;");
	bad("Joe \" <a@b>, c@d", "Joe \"|-|a|b|;-|-|c|d|;");
	bad("a@[1", "-|-|a|[1|;");
	bad("(c) a@b (", "c|-|a|b|;");
}

static void
test_groups(void)
{
	bad("g:a@b", "{g|-|-|a|b|;}");
	bad("g:h:a@b;", "{g|}{h|-|-|a|b|;}");
	bad(":;", "{|}");
	good("g:a@b;,c@d", "{g|-|-|a|b|;}-|-|c|d|;");
	good("g:a@b; c@d", "{g|-|-|a|b|;}-|-|c|d|;");
	good("g: <a@b>, c@d ;", "{g|-|-|a|b|;-|-|c|d|;}");
	bad("g:a;", "{g|-|-|a|-|;}");
}

static void
test_limit(void)
{
	PliLimits limits = pli_limits_default;
	PliDefectSet set = {{0}}, none = {{0}};
	g_autofree char *got = NULL, *all = NULL;

	limits.addresses = 2;
	got = read_all("g:a@b,c@d;", &limits, &set);
	g_assert_cmpstr(got, ==, "{g|-|-|a|b|;}");
	g_assert_true(pli_defect_set_has(&set, PLI_DEFECT_LIMIT_ADDRESSES));
	all = read_all("g:a@b;", &limits, &none);
	g_assert_cmpstr(all, ==, "{g|-|-|a|b|;}");
	g_assert_true(pli_defect_set_is_empty(&none));
}

/* 200,000 octets of what breaks other readers. */
static void
test_linear(void)
{
	static const char *const pieces[] = {
		"(",	"g:", "\"",    "<",  "[",	"a@b ",	   "\\(\"",
		"a b ", ",",  "@a,",   "@",  "((",	"=?u?q?,", ";",
		"<@",	")",  "a@b <", "(a", "=?u?q?a", "<a@b>",   "g:a@b ",
	};
	PliLimits limits = pli_limits_default;

	limits.addresses = G_MAXUINT32;
	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		g_autoptr(GString) text = g_string_new("To ");
		g_autofree char *got = NULL;
		PliDefectSet set = {{0}};

		while (text->len < 200000)
			g_string_append(text, pieces[i]);
		got = read_all(text->str, &limits, &set);
		g_assert_cmpuint(strlen(got), <, 20 * text->len);
		g_assert_true(
			pli_defect_set_has(&set, PLI_DEFECT_ADDRESS_MALFORMED));
	}
}

static void
check_format(const char *text, const char *want)
{
	g_autoptr(PliAddressReader) reader =
		pli_address_reader_new(pli_slice_from_string(text), NULL);
	g_auto(PliBuf) out = {0};
	PliAddress address;

	pli_buf_init(&out, 100);
	g_assert_cmpint(pli_address_reader_next(reader, &address), ==,
			PLI_STEP_READY);
	g_assert_true(pli_address_format(&address, &out));
	g_assert_cmpmem(out.data, out.len, want, strlen(want));
	out.ceiling = out.len;
	g_assert_false(pli_address_format(&address, &out));
}

static void
test_format(void)
{
	check_format("Joe <joe.q@x>", "joe.q@x");
	check_format("\"joe\"@x", "joe@x");
	check_format("\"joe q\"@x", "\"joe q\"@x");
	check_format("\"a\\\"\\\\b\"@x", "\"a\\\"\\\\b\"@x");
	check_format("\".a\"@[1.2]", "\".a\"@[1.2]");
	check_format("<@x>", "\"\"@x");
	check_format("bare", "bare");
	check_format("=?a@ b?=?c?=", "\"=?a\"@b?=?c?=");
	check_format("a.=?b@x", "\"a.=?b\"@x");
	check_format("a=?b@x", "a=?b@x");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/address/rfc5322", test_rfc5322);
	g_test_add_func("/engine/address/obsolete", test_obsolete);
	g_test_add_func("/engine/address/quoting", test_quoting);
	g_test_add_func("/engine/address/bare", test_bare);
	g_test_add_func("/engine/address/brackets", test_brackets);
	g_test_add_func("/engine/address/unclosed", test_unclosed);
	g_test_add_func("/engine/address/groups", test_groups);
	g_test_add_func("/engine/address/limit", test_limit);
	g_test_add_func("/engine/address/linear", test_linear);
	g_test_add_func("/engine/address/format", test_format);
	return g_test_run();
}
