/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-path.h"

typedef struct {
	const char *in;
	guint flags;
	PliSmtpPathResult result;
	const char *local; /* when OK */
	const char *domain;
	const char *text;
} PathCase;

#define NONE 0
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L62 "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll"

static const PathCase cases[] = {
	{"<a@b.c>", NONE, PLI_SMTP_PATH_OK, "a", "b.c", "a@b.c"},
	{"<a@b> SIZE=1", NONE, PLI_SMTP_PATH_OK, "a", "b", "a@b"},
	{"<>", PLI_SMTP_PATH_NULL, PLI_SMTP_PATH_OK, "", "", ""},
	{"<>", NONE, PLI_SMTP_PATH_EMPTY, NULL, NULL, NULL},
	{"<a.b+c=d!#$%&'*/?^_`{|}~-@e>", NONE, PLI_SMTP_PATH_OK,
	 "a.b+c=d!#$%&'*/?^_`{|}~-", "e", "a.b+c=d!#$%&'*/?^_`{|}~-@e"},
	{"<\"a b@c\"@d>", NONE, PLI_SMTP_PATH_OK, "a b@c", "d", "\"a b@c\"@d"},
	{"<\"a\\\"\\\\\\>>\"@d>", NONE, PLI_SMTP_PATH_OK, "a\"\\>>", "d",
	 "\"a\\\"\\\\\\>>\"@d"},
	{"<\"\"@d>", NONE, PLI_SMTP_PATH_OK, "", "d", "\"\"@d"},
	{"<\"a\"b@d>", NONE, PLI_SMTP_PATH_BAD_LOCAL, NULL, NULL, NULL},
	{"<\"a\\\"@d>", NONE, PLI_SMTP_PATH_BAD_LOCAL, NULL, NULL, NULL},
	{"<\"a\x7f\"@d>", NONE, PLI_SMTP_PATH_BAD_LOCAL, NULL, NULL, NULL},
	{"<\"a\\\x01\"@d>", NONE, PLI_SMTP_PATH_BAD_LOCAL, NULL, NULL, NULL},
	{"<.a@d>", NONE, PLI_SMTP_PATH_BAD_LOCAL, NULL, NULL, NULL},
	{"<a.@d>", NONE, PLI_SMTP_PATH_BAD_LOCAL, NULL, NULL, NULL},
	{"<a..b@d>", NONE, PLI_SMTP_PATH_BAD_LOCAL, NULL, NULL, NULL},
	{"<a b@d>", NONE, PLI_SMTP_PATH_BAD_LOCAL, NULL, NULL, NULL},
	{"< a@d>", NONE, PLI_SMTP_PATH_BAD_LOCAL, NULL, NULL, NULL},
	{"<a(x)@d>", NONE, PLI_SMTP_PATH_BAD_LOCAL, NULL, NULL, NULL},
	{"<\\a@d>", NONE, PLI_SMTP_PATH_BAD_LOCAL, NULL, NULL, NULL},
	{"<@d>", NONE, PLI_SMTP_PATH_BAD_ROUTE, NULL, NULL, NULL},
	{"<@a,@b.c:d@e>", NONE, PLI_SMTP_PATH_OK, "d", "e", "d@e"},
	{"<@a,b:d@e>", NONE, PLI_SMTP_PATH_BAD_ROUTE, NULL, NULL, NULL},
	{"<@a,:d@e>", NONE, PLI_SMTP_PATH_BAD_ROUTE, NULL, NULL, NULL},
	{"<@a:>", NONE, PLI_SMTP_PATH_BAD_LOCAL, NULL, NULL, NULL},
	{"a@b", NONE, PLI_SMTP_PATH_NO_BRACKETS, NULL, NULL, NULL},
	{"", NONE, PLI_SMTP_PATH_NO_BRACKETS, NULL, NULL, NULL},
	{"<", NONE, PLI_SMTP_PATH_NO_BRACKETS, NULL, NULL, NULL},
	{"<a@b", NONE, PLI_SMTP_PATH_NO_BRACKETS, NULL, NULL, NULL},
	{"<a@b@c>", NONE, PLI_SMTP_PATH_BAD_DOMAIN, NULL, NULL, NULL},
	{"<a@>", NONE, PLI_SMTP_PATH_BAD_DOMAIN, NULL, NULL, NULL},
	{"<a@b.>", NONE, PLI_SMTP_PATH_BAD_DOMAIN, NULL, NULL, NULL},
	{"<a@-b>", NONE, PLI_SMTP_PATH_BAD_DOMAIN, NULL, NULL, NULL},
	{"<a@b-.c>", NONE, PLI_SMTP_PATH_BAD_DOMAIN, NULL, NULL, NULL},
	{"<a@b_c.d>", NONE, PLI_SMTP_PATH_BAD_DOMAIN, NULL, NULL, NULL},
	{"<a@" L62 "l>", NONE, PLI_SMTP_PATH_OK, "a", L62 "l", "a@" L62 "l"},
	{"<a@" L62 "ll>", NONE, PLI_SMTP_PATH_BAD_DOMAIN, NULL, NULL, NULL},
	{"<" A64 "@b>", NONE, PLI_SMTP_PATH_OK, A64, "b", A64 "@b"},
	{"<" A64 "a@b>", NONE, PLI_SMTP_PATH_LONG_LOCAL, NULL, NULL, NULL},
	{"<a@" A64 "." A64 "." A64 "." A64 ">", NONE, PLI_SMTP_PATH_LONG_DOMAIN,
	 NULL, NULL, NULL},
	{"<a@" L62 "." L62 "." L62 "." L62 ".x>", NONE, PLI_SMTP_PATH_LONG,
	 NULL, NULL, NULL},
	{"<a@" L62 "." L62 "." L62 "." L62 ">", NONE, PLI_SMTP_PATH_OK, "a",
	 L62 "." L62 "." L62 "." L62, "a@" L62 "." L62 "." L62 "." L62},
	{"<a@[192.0.2.1]>", NONE, PLI_SMTP_PATH_OK, "a", "[192.0.2.1]",
	 "a@[192.0.2.1]"},
	{"<a@[192.0.2.256]>", NONE, PLI_SMTP_PATH_BAD_LITERAL, NULL, NULL,
	 NULL},
	{"<a@[192.0.2]>", NONE, PLI_SMTP_PATH_BAD_LITERAL, NULL, NULL, NULL},
	{"<a@[1.2.3.4.5]>", NONE, PLI_SMTP_PATH_BAD_LITERAL, NULL, NULL, NULL},
	{"<a@[]>", NONE, PLI_SMTP_PATH_BAD_LITERAL, NULL, NULL, NULL},
	{"<a@[192.0.2.1>", NONE, PLI_SMTP_PATH_BAD_LITERAL, NULL, NULL, NULL},
	{"<a@[IPv6:2001:db8::1]>", NONE, PLI_SMTP_PATH_OK, "a",
	 "[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"},
	{"<a@[ipv6:::ffff:192.0.2.1]>", NONE, PLI_SMTP_PATH_OK, "a",
	 "[ipv6:::ffff:192.0.2.1]", "a@[ipv6:::ffff:192.0.2.1]"},
	{"<a@[2001:db8::1]>", NONE, PLI_SMTP_PATH_BAD_LITERAL, NULL, NULL,
	 NULL},
	{"<a@[IPv6:1.2.3.4]>", NONE, PLI_SMTP_PATH_BAD_LITERAL, NULL, NULL,
	 NULL},
	{"<a@[IPv6:fe80::1%eth0]>", NONE, PLI_SMTP_PATH_BAD_LITERAL, NULL, NULL,
	 NULL},
	{"<a@[IPv6:1:2:3:4:5:6:7:8:9]>", NONE, PLI_SMTP_PATH_BAD_LITERAL, NULL,
	 NULL, NULL},
	{"<a@[IPv6:1::2::3]>", NONE, PLI_SMTP_PATH_BAD_LITERAL, NULL, NULL,
	 NULL},
	{"<a@[x400:abc]>", NONE, PLI_SMTP_PATH_BAD_LITERAL, NULL, NULL, NULL},
	{"<postmaster>", PLI_SMTP_PATH_POSTMASTER, PLI_SMTP_PATH_OK,
	 "postmaster", "", "postmaster"},
	{"<PostMaster>", PLI_SMTP_PATH_POSTMASTER, PLI_SMTP_PATH_OK,
	 "PostMaster", "", "PostMaster"},
	{"<postmaster>", NONE, PLI_SMTP_PATH_NO_DOMAIN, NULL, NULL, NULL},
	{"<joe>", PLI_SMTP_PATH_POSTMASTER, PLI_SMTP_PATH_NO_DOMAIN, NULL, NULL,
	 NULL},
	{"<joe>", PLI_SMTP_PATH_BARE, PLI_SMTP_PATH_OK, "joe", "", "joe"},
	{"<joe@>", PLI_SMTP_PATH_BARE, PLI_SMTP_PATH_BAD_DOMAIN, NULL, NULL,
	 NULL},
	{"<caf\xc3\xa9@b>", NONE, PLI_SMTP_PATH_NOT_ASCII, NULL, NULL, NULL},
	{"<a@\xff>", NONE, PLI_SMTP_PATH_NOT_ASCII, NULL, NULL, NULL},
};

static void
test_table(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const PathCase *c = &cases[i];
		gsize n = strlen(c->in);
		g_autofree char *in = g_strndup(c->in, n);
		g_autoptr(PliSmtpPath) path = NULL;
		gsize used = 0;
		PliSmtpPathResult result;

		g_test_message("%s", c->in);
		result = pli_smtp_path_parse(pli_slice_new(in, n), c->flags,
					     &path, &used);
		g_assert_cmpint(result, ==, c->result);
		g_assert_cmpuint(strlen(pli_smtp_path_get_text(result)), >, 0);
		if (result != PLI_SMTP_PATH_OK) {
			g_assert_null(path);
			continue;
		}
		g_assert_cmpstr(path->local, ==, c->local);
		g_assert_cmpstr(path->domain, ==, c->domain);
		g_assert_cmpstr(path->text, ==, c->text);
		g_assert_cmpmem(path->original, strlen(path->original), c->in,
				used);
		g_assert_cmpint(path->original[used - 1], ==, '>');
		g_assert_cmpint(path->is_literal, ==, c->domain[0] == '[');
	}
}

/* Each octet in the middle of a local part. */
static void
test_every_octet(void)
{
	for (guint octet = 0; octet < 256; octet++) {
		char in[] = "<a?a@b>";
		g_autoptr(PliSmtpPath) path = NULL;
		gsize used;
		PliSmtpPathResult result;

		in[2] = (char)octet;
		result = pli_smtp_path_parse(pli_slice_new(in, 7), 0, &path,
					     &used);
		if (octet >= 0x80)
			g_assert_cmpint(result, ==, PLI_SMTP_PATH_NOT_ASCII);
		else if (g_ascii_isalnum(octet) || octet == '.')
			g_assert_cmpint(result, ==, PLI_SMTP_PATH_OK);
		else if (g_ascii_iscntrl(octet) || octet == ' ')
			g_assert_cmpint(result, ==, PLI_SMTP_PATH_BAD_LOCAL);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/smtp-path/table", test_table);
	g_test_add_func("/protocols/smtp-path/every-octet", test_every_octet);
	return g_test_run();
}
