/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/account-name.h"

static void
test_names(void)
{
	static const struct {
		const char *address, *name;
	} rows[] = {
	        {"alice", "alice"},
	        {"Alice@Example.ORG", "alice"},
	        {"a.b+c_d-9@x", "a.b+c_d-9"},
	        {".hidden@x", "%2Ehidden"},
	        {"..", "%2E."},
	        {"a/b@x", "a%2Fb"},
	        {"../../etc@x", "%2E.%2F..%2Fetc"},
	        {"\"a b\"@x", "a%20b"},
	        {"\"a@b\"@x", "a%40b"},
	        {"\"a\\\"b\"@x", "a%22b"},
	        {"a%b@x", "a%25b"},
	        {"\xc3\xa9@x", "%C3%A9"},
	        {"", NULL},
	        {"@x", NULL},
	        {"\"\"@x", NULL},
	        {"\"open@x", NULL},
	        {"\"open\\", NULL},
	};
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name =
		        pli_account_name_from_address(rows[i].address);

		g_assert_cmpstr(name, ==, rows[i].name);
	}
}

static void
test_long(void)
{
	g_autofree char *fits = g_strnfill(255, 'a');
	g_autofree char *over = g_strnfill(256, 'a');
	g_autofree char *grows = g_strnfill(86, '/');
	g_autofree char *name = pli_account_name_from_local(fits);

	g_assert_cmpstr(name, ==, fits);
	g_assert_null(pli_account_name_from_local(over));
	g_assert_null(pli_account_name_from_local(grows));
}

/* Back again, which is what PAM is asked about. */
static void
test_local(void)
{
	static const char *const locals[] = {"alice", ".a/b c@d", "%41%",
	                                     "r\xc3\xa9n\xc3\xa9", "o'brien"};
	g_autofree char *cut = pli_account_name_dup_local("a%4");
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(locals); i++) {
		g_autofree char *name = pli_account_name_from_local(locals[i]);
		g_autofree char *local = pli_account_name_dup_local(name);

		g_assert_cmpstr(local, ==, locals[i]);
	}
	g_assert_cmpstr(cut, ==, "a%4");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/account-name/names", test_names);
	g_test_add_func("/daemon/account-name/long", test_long);
	g_test_add_func("/daemon/account-name/local", test_local);
	return g_test_run();
}
