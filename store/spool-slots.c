/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which slots a folder of spools has. */
#include <glib/gstdio.h>
#include <unistd.h>

#include "store/spool.h"

#define SUFFIX ".db"

guint
pli_spool_count_slots(const char *dir, guint most)
{
	g_autoptr(GDir) opened = g_dir_open(dir, 0, NULL);
	const char *name;
	guint n = 0;

	while (opened != NULL && (name = g_dir_read_name(opened)) != NULL) {
		g_autofree char *digits = NULL;
		guint64 slot;

		if (!g_str_has_suffix(name, SUFFIX))
			continue;
		digits = g_strndup(name, strlen(name) - strlen(SUFFIX));
		if (g_ascii_string_to_unsigned(digits, 10, 0, most - 1, &slot,
					       NULL))
			n = MAX(n, (guint)slot + 1);
	}
	return n;
}

void
pli_spool_remove_slot(const char *dir, guint slot)
{
	g_autofree char *files = g_strdup_printf("%s/%u", dir, slot);
	g_autofree char *database = g_strconcat(files, SUFFIX, NULL);

	g_rmdir(files);
	g_unlink(database);
}
