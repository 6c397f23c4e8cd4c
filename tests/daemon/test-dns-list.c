/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/dns-list.h"

static GPtrArray *
parse(const char *text)
{
	g_autofree char *error = NULL;
	GPtrArray *lists = pli_dns_lists_parse(text, &error);

	g_assert_cmpstr(error, ==, NULL);
	g_assert_nonnull(lists);
	return lists;
}

static gboolean
has(const PliDnsList *list, guint8 a, guint8 b, guint8 c, guint8 d)
{
	const guint8 address[] = {a, b, c, d};

	return pli_dns_list_has_code(list, pli_slice_new(address, 4));
}

static void
test_parse(void)
{
	g_autoptr(GPtrArray) none = parse("  ");
	g_autoptr(GPtrArray) lists =
		parse("bl.example.org  two.example=127.0.0.2,127.0.*.4-11:3 "
		      "three.example:100");
	const PliDnsList *first = g_ptr_array_index(lists, 0);
	const PliDnsList *second = g_ptr_array_index(lists, 1);
	const PliDnsList *third = g_ptr_array_index(lists, 2);

	g_assert_cmpuint(none->len, ==, 0);
	g_assert_cmpuint(lists->len, ==, 3);
	g_assert_cmpstr(first->zone, ==, "bl.example.org");
	g_assert_cmpuint(first->weight, ==, 1);
	g_assert_true(has(first, 127, 9, 9, 9));
	/* a zone that was sold answers for every name (RFC 5782 6) */
	g_assert_false(has(first, 192, 0, 2, 1));
	g_assert_cmpstr(second->zone, ==, "two.example");
	g_assert_cmpuint(second->weight, ==, 3);
	g_assert_true(has(second, 127, 0, 0, 2));
	g_assert_true(has(second, 127, 0, 77, 4));
	g_assert_true(has(second, 127, 0, 0, 11));
	g_assert_false(has(second, 127, 0, 0, 3));
	g_assert_false(has(second, 127, 0, 0, 12));
	g_assert_false(has(second, 127, 1, 0, 4));
	g_assert_cmpuint(third->weight, ==, 100);
	g_assert_false(pli_dns_list_has_code(first, PLI_SLICE_NONE));
	g_assert_false(pli_dns_list_has_code(
		first, PLI_SLICE_LITERAL("\177\0\0\2\0")));
}

static void
test_format(void)
{
	static const char text[] = "bl.example.org two.example=127.0.0.2,"
				   "127.0.*.4-11:3 three.example:100";
	g_autoptr(GPtrArray) none = parse("");
	g_autoptr(GPtrArray) lists = parse(text);
	g_autofree char *empty = pli_dns_lists_format(none);
	g_autofree char *same = pli_dns_lists_format(lists);

	g_assert_cmpstr(empty, ==, "");
	g_assert_cmpstr(same, ==, text);
}

static void
test_faults(void)
{
	static const char *const faults[] = {
		"bl.example.org:0",
		"bl.example.org:101",
		"bl.example.org:",
		"bl.example.org=",
		"bl.example.org=127.0.0",
		"bl.example.org=127.0.0.0.1",
		"bl.example.org=127.0.0.256",
		"bl.example.org=127.0.0.4-3",
		"bl.example.org=127.0.0.2,",
		"bl.example.org=127.0.0.2-",
		"bl.example.org=127.0.0.**",
		"-bl-.example.org",
		"=127.0.0.2",
		"bl..example.org",
		"good.example bad_.example",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autofree char *error = NULL;

		g_assert_null(pli_dns_lists_parse(faults[i], &error));
		g_assert_nonnull(strstr(error, "[=CODES][:WEIGHT]"));
	}
}

/* RFC 5782 2.1 and 2.4. */
static void
test_names(void)
{
	static const struct {
		const char *peer, *name;
	} rows[] = {
		{"192.0.2.99", "99.2.0.192.bad.example.com"},
		{"IPv6:2001:db8:1:2:3:4:567:89ab",
		 "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0."
		 "0.2.bad.example.com"},
		{"IPv6:::ffff:192.0.2.99", "99.2.0.192.bad.example.com"},
		{"unix", NULL},
		{"IPv6:nonsense", NULL},
	};
	g_autoptr(GPtrArray) lists = parse("bad.example.com");

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = pli_dns_list_make_name(
			g_ptr_array_index(lists, 0), rows[i].peer);

		g_assert_cmpstr(name, ==, rows[i].name);
	}
}

/* What would be no name in the DNS is not asked for. */
static void
test_long_zone(void)
{
	g_autoptr(GString) zone = g_string_new("a");
	g_autoptr(GPtrArray) lists = NULL;
	g_autofree char *v4 = NULL, *v6 = NULL;

	while (zone->len < 230)
		g_string_append(zone, ".example");
	lists = parse(zone->str);
	v4 = pli_dns_list_make_name(g_ptr_array_index(lists, 0), "192.0.2.1");
	v6 = pli_dns_list_make_name(g_ptr_array_index(lists, 0),
				    "IPv6:2001:db8::1");
	g_assert_nonnull(v4);
	g_assert_null(v6);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/dns-list/parse", test_parse);
	g_test_add_func("/daemon/dns-list/format", test_format);
	g_test_add_func("/daemon/dns-list/faults", test_faults);
	g_test_add_func("/daemon/dns-list/names", test_names);
	g_test_add_func("/daemon/dns-list/long-zone", test_long_zone);
	return g_test_run();
}
