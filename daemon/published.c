/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/published.h"

#define NO_PASSWORD "crypt=$none" /* what no password becomes */
#define MODE 0600

gboolean
pli_published_write_users(const char *path, const PliUsers *users,
			  GError **error)
{
	g_autoptr(GString) text = g_string_new(
		"# The accounts, without their keys: made by plid, and made "
		"again.\n");

	for (guint i = 0; i < pli_users_get_n(users); i++)
		g_string_append_printf(text, "%s:" NO_PASSWORD "\n",
				       pli_users_get(users, i)->name);
	return g_file_set_contents_full(path, text->str, (gssize)text->len,
					G_FILE_SET_CONTENTS_CONSISTENT, MODE,
					error);
}

gboolean
pli_published_write_aliases(const char *path, const char *from, GError **error)
{
	g_autofree char *text = NULL;
	gsize len;

	return g_file_get_contents(from, &text, &len, error) &&
	       g_file_set_contents_full(path, text, (gssize)len,
					G_FILE_SET_CONTENTS_CONSISTENT, MODE,
					error);
}
