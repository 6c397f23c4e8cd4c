/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/field-name-priv.h"

static const struct {
	PliFieldName id;
	const char *name;
} names[] = {
#define ROW(number, NAME, name) {PLI_FIELD_NAME_##NAME, name},
	PLI_FIELD_NAME_TABLE(ROW)
#undef ROW
};

static PliFieldName
find(const char *name)
{
	/* a copy without anything after it, for the address sanitizer */
	g_autofree char *copy = g_memdup2(name, strlen(name));
	PliFieldName id =
	        pli_field_name_find(pli_slice_new(copy, strlen(name)));
	char padded[64];

	g_snprintf(padded, sizeof padded, "%s:\r\n", name);
	for (gsize i = strlen(padded); i < sizeof padded; i++)
		padded[i] = 'a' + i % 26;
	g_assert_cmpint(pli_field_name_find_padded((const guint8 *)padded,
	                                           strlen(name)),
	                ==, id);
	return id;
}

static void
test_all(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *lower = g_ascii_strdown(names[i].name, -1);
		g_autofree char *upper = g_ascii_strup(names[i].name, -1);

		g_assert_cmpint(find(names[i].name), ==, names[i].id);
		g_assert_cmpint(find(lower), ==, names[i].id);
		g_assert_cmpint(find(upper), ==, names[i].id);
	}
}

/* What is found has just that name. */
static void
check(const char *name)
{
	PliFieldName id = find(name);

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (names[i].id == id)
			g_assert_true(g_ascii_strcasecmp(names[i].name,
			                                 name) == 0);
}

/* One octet changed, left out or put in makes another name. */
static void
test_near(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		gsize len = strlen(names[i].name);

		for (gsize at = 0; at < len; at++) {
			g_autofree char *name = g_strdup(names[i].name);
			g_autofree char *more = g_strdup_printf(
			        "%.*sx%s", (int)at, name, name + at);

			name[at] = '!';
			g_assert_cmpint(find(name), ==, PLI_FIELD_NAME_OTHER);
			memmove(name + at, name + at + 1, len - at);
			check(name);
			check(more);
		}
	}
	g_assert_cmpint(find(""), ==, PLI_FIELD_NAME_OTHER);
	g_assert_cmpint(find("X-Content-Transfer-Encoding-Of-Another"), ==,
	                PLI_FIELD_NAME_OTHER);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/field-name/all", test_all);
	g_test_add_func("/engine/field-name/near", test_near);
	return g_test_run();
}
