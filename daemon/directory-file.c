/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files behind the directory, looked at again now and then. */
#include <gsasl.h>
#include <string.h>

#include "daemon/directory-priv.h"

#define LOOK_US (G_USEC_PER_SEC / 2)
#define ANY_ITERATIONS 4096 /* made anew at each start */

static char **
list_domains(const PliConfig *config)
{
	GPtrArray *domains = g_ptr_array_new();
	g_auto(GStrv) words = g_strsplit(config->domains, " ", -1);

	g_ptr_array_add(domains, g_strdup(config->hostname));
	for (guint i = 0; words[i] != NULL; i++)
		if (*words[i] != '\0')
			g_ptr_array_add(domains, g_strdup(words[i]));
	g_ptr_array_add(domains, NULL);
	return (char **)g_ptr_array_free(domains, FALSE);
}

void
pli_directory_log_pam(const PliDirectory *directory, const PliUser *user,
		      PliSaslResult result, const char *reason)
{
	PliLogLine line;

	if (directory->log == NULL)
		return;
	pli_log_line_begin(&line, directory->log, "pam");
	pli_log_line_add_text(&line, "account", user->name);
	pli_log_line_add_text(
		&line, "result",
		result == PLI_SASL_TROUBLE ? "trouble" : "refused");
	pli_log_line_add_text(&line, "reason", reason);
	pli_log_line_send(&line);
}

/* Both files anew, or neither. */
static gboolean
load(PliDirectory *directory, GError **error)
{
	g_autoptr(PliUsers) users =
		pli_users_load(directory->users_file, error);
	g_autoptr(PliAliases) aliases = NULL;

	if (users == NULL)
		return FALSE;
	if (directory->pam != NULL &&
	    !pli_pam_check_users(directory->pam, users, directory->users_file,
				 error))
		return FALSE;
	if (*directory->aliases_file != '\0') {
		aliases = pli_aliases_load(directory->aliases_file, error);
		if (aliases == NULL ||
		    !pli_directory_check_aliases(directory, aliases, error))
			return FALSE;
	}
	pli_users_unref(directory->users);
	pli_aliases_unref(directory->aliases);
	directory->users = g_steal_pointer(&users);
	directory->aliases = g_steal_pointer(&aliases);
	return TRUE;
}

/* The one account of mode any; none without a password. */
static gboolean
make_anyone(PliDirectory *directory, GError **error)
{
	const char *password = directory->config->password;

	if (*password != '\0')
		directory->anyone =
			pli_user_new("anyone", password, ANY_ITERATIONS,
				     PLI_USERS_WITH_SECRET, error);
	return *password == '\0' || directory->anyone != NULL;
}

PliDirectory *
pli_directory_new(const PliConfig *config, const PliDirectoryFiles *files,
		  const PliLog *log, GError **error)
{
	g_autoptr(PliDirectory) directory = g_new0(PliDirectory, 1);

	directory->ref_count = 1;
	directory->config = pli_config_ref(config);
	directory->users_file = g_strdup(files->users);
	directory->aliases_file = g_strdup(files->aliases);
	directory->pam = files->pam;
	directory->log = log;
	directory->domains = list_domains(config);
	gsasl_nonce((char *)directory->decoy, sizeof(directory->decoy));
	g_mutex_init(&directory->lock);
	if (config->accounts == PLI_ACCOUNTS_FILE
		    ? !load(directory, error)
		    : !make_anyone(directory, error))
		return NULL;
	directory->looked_us = g_get_monotonic_time();
	return g_steal_pointer(&directory);
}

PliDirectory *
pli_directory_ref(PliDirectory *directory)
{
	g_atomic_int_inc(&directory->ref_count);
	return directory;
}

void
pli_directory_unref(PliDirectory *directory)
{
	if (directory == NULL ||
	    !g_atomic_int_dec_and_test(&directory->ref_count))
		return;
	pli_user_free(directory->anyone);
	pli_users_unref(directory->users);
	pli_aliases_unref(directory->aliases);
	g_strfreev(directory->domains);
	g_mutex_clear(&directory->lock);
	g_free(directory->told);
	g_free(directory->users_file);
	g_free(directory->aliases_file);
	pli_config_free(directory->config);
	g_free(directory);
}

/* Says what is wrong with a file once, not each second. */
static void
tell(PliDirectory *directory, const GError *error)
{
	const char *text = error != NULL ? error->message : NULL;

	if (text != NULL && directory->log != NULL &&
	    g_strcmp0(text, directory->told) != 0)
		pli_log_error(directory->log, "accounts", text);
	g_free(directory->told);
	directory->told = g_strdup(text);
}

/* Locked. */
static void
look(PliDirectory *directory)
{
	gint64 now = g_get_monotonic_time();
	g_autoptr(GError) error = NULL;

	if (directory->config->accounts != PLI_ACCOUNTS_FILE ||
	    now - directory->looked_us < LOOK_US)
		return;
	directory->looked_us = now;
	if (!pli_users_is_stale(directory->users) &&
	    (directory->aliases == NULL ||
	     !pli_aliases_is_stale(directory->aliases)))
		return;
	load(directory, &error);
	tell(directory, error);
}

PliUsers *
pli_directory_ref_users(PliDirectory *directory)
{
	PliUsers *users;

	g_mutex_lock(&directory->lock);
	look(directory);
	users = pli_users_ref(directory->users);
	g_mutex_unlock(&directory->lock);
	return users;
}

PliAliases *
pli_directory_ref_aliases(PliDirectory *directory)
{
	PliAliases *aliases = NULL;

	g_mutex_lock(&directory->lock);
	look(directory);
	if (directory->aliases != NULL)
		aliases = pli_aliases_ref(directory->aliases);
	g_mutex_unlock(&directory->lock);
	return aliases;
}

gboolean
pli_directory_is_domain(const PliDirectory *directory, const char *domain)
{
	for (char **own = directory->domains; *own != NULL; own++)
		if (g_ascii_strcasecmp(*own, domain) == 0)
			return TRUE;
	return FALSE;
}

gboolean
pli_directory_is_ours(const PliDirectory *directory, const char *address)
{
	const char *at = strrchr(address, '@');

	return at == NULL || pli_directory_is_domain(directory, at + 1);
}
