/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli user`: the file of accounts. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/password.h"
#include "cli/terminal.h"
#include "store/users.h"

#define FILE_NAME "/etc/pli/users"

typedef struct {
	char *file;
	int iterations;
	gboolean crypt, secret, pam, json;
} Options;

static int
get_status(const GError *error)
{
	switch (error->code) {
	case PLI_USERS_ERROR_SYNTAX: return EX_DATAERR;
	case PLI_USERS_ERROR_NO_FILE: return EX_NOINPUT;
	case PLI_USERS_ERROR_NO_USER: return EX_NOUSER;
	case PLI_USERS_ERROR_EXISTS: return EX_CANTCREAT;
	case PLI_USERS_ERROR_PASSWORD:
	case PLI_USERS_ERROR_NAME: return EX_USAGE;
	default: return EX_IOERR;
	}
}

static int
complain(const GError *error)
{
	pli_terminal_add_error("user", error->message);
	return get_status(error);
}

static int
set(const Options *options, const char *name, gboolean add)
{
	PliUsersFlags flags = (add ? PLI_USERS_ADD : 0) |
			      (options->crypt ? PLI_USERS_WITH_CRYPT : 0) |
			      (options->secret ? PLI_USERS_WITH_SECRET : 0) |
			      (options->pam ? PLI_USERS_WITH_PAM : 0);
	char password[PLI_PASSWORD_LINE] = "";
	g_autoptr(GError) error = NULL;
	const char *fault = options->pam ? NULL : pli_password_read(password);
	gboolean done = FALSE;

	if (fault == NULL)
		done = pli_users_set(options->file, name, password,
				     (guint)options->iterations, flags, &error);
	explicit_bzero(password, sizeof(password));
	if (fault != NULL) {
		pli_terminal_add_error("user", fault);
		return EX_NOINPUT;
	}
	return done ? EX_OK : complain(error);
}

static int
run_remove(const Options *options, const char *name)
{
	g_autoptr(GError) error = NULL;

	return pli_users_remove(options->file, name, &error) ? EX_OK
							     : complain(error);
}

static gboolean
has_scram(const PliUser *user)
{
	return user->scram[PLI_USER_SHA256].salt != NULL ||
	       user->scram[PLI_USER_SHA1].salt != NULL;
}

static void
print_json(PliJson *json, const PliUser *user)
{
	pli_json_begin_object(json);
	pli_json_add_text_of(json, "name", user->name);
	pli_json_add_key(json, "scram");
	pli_json_add_boolean(json, has_scram(user));
	pli_json_add_key(json, "crypt");
	pli_json_add_boolean(json, user->crypt != NULL);
	pli_json_add_key(json, "pam");
	pli_json_add_boolean(json, user->pam);
	pli_json_add_key(json, "secret");
	pli_json_add_boolean(json, user->secret != NULL);
	pli_json_end_object(json);
	pli_json_end_line(json);
}

static int
list(const Options *options)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliUsers) users = pli_users_load(options->file, &error);
	PliJson json;

	if (users == NULL)
		return error->code == PLI_USERS_ERROR_FILE
			       ? (complain(error), EX_NOINPUT)
			       : complain(error);
	pli_json_init(&json, stdout);
	for (guint i = 0; i < pli_users_get_n(users); i++) {
		const PliUser *user = pli_users_get(users, i);

		if (options->json)
			print_json(&json, user);
		else
			printf("%s%s%s%s%s\n", user->name,
			       has_scram(user) ? " scram" : "",
			       user->pam ? " pam" : "",
			       user->crypt != NULL ? " crypt" : "",
			       user->secret != NULL ? " secret" : "");
	}
	return pli_terminal_finish();
}

static int
run_verb(const PliCommand *command, const Options *options, char **words)
{
	gboolean is_list = g_strcmp0(words[0], "list") == 0;
	guint wanted = is_list ? 1 : 2;

	if (options->iterations < 4096 ||
	    options->iterations > PLI_USERS_ITERATIONS_MAX)
		return pli_command_format_usage(
			command,
			"--iterations is to be a number from 4096 to %d",
			PLI_USERS_ITERATIONS_MAX);
	if (options->pam && (options->crypt || options->secret))
		return pli_command_format_usage(
			command, "--pam keeps nothing of a password, so it "
				 "goes with neither --crypt nor --secret");
	if (words[0] == NULL || g_strv_length(words) != wanted)
		return pli_command_format_usage(
			command, "add, passwd or remove and a name, or list, "
				 "was expected");
	if (is_list)
		return list(options);
	if (g_str_equal(words[0], "add"))
		return set(options, words[1], TRUE);
	if (g_str_equal(words[0], "passwd"))
		return set(options, words[1], FALSE);
	if (g_str_equal(words[0], "remove"))
		return run_remove(options, words[1]);
	return pli_command_format_usage(command,
					"'%s' is none of add, passwd, remove "
					"and list",
					words[0]);
}

static int
run_user(const PliCommand *command, int argc, char **argv)
{
	Options options = {.iterations = PLI_USERS_ITERATIONS};
	const GOptionEntry entries[] = {
		{"file", 'f', 0, G_OPTION_ARG_FILENAME, &options.file, NULL,
		 NULL},
		{"iterations", 0, 0, G_OPTION_ARG_INT, &options.iterations,
		 NULL, NULL},
		{"crypt", 0, 0, G_OPTION_ARG_NONE, &options.crypt, NULL, NULL},
		{"secret", 0, 0, G_OPTION_ARG_NONE, &options.secret, NULL,
		 NULL},
		{"pam", 0, 0, G_OPTION_ARG_NONE, &options.pam, NULL, NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_auto(GStrv) words = NULL;
	int status;

	if (pli_command_parse(command, entries, argc, argv, &words, &status)) {
		if (options.file == NULL)
			options.file = g_strdup(FILE_NAME);
		status = run_verb(command, &options, words);
	}
	g_free(options.file);
	return status;
}

const PliCommand pli_user_command = {
	.name = "user",
	.usage = "user add|passwd|remove NAME | list [--json] [-f FILE]",
	.summary = "Adds, changes, removes and lists accounts in a file.",
	.help = "The password is asked for twice, or is the first line of "
		"standard input when that\n"
		"is no terminal. A server that reads the file sees the change "
		"by itself.\n\n"
		"  -f, --file FILE    instead of " FILE_NAME "\n"
		"      --iterations N of the keys of SCRAM; 10000\n"
		"      --crypt        keeps a yescrypt in place of keys of "
		"SCRAM\n"
		"      --secret       keeps the password itself, too, for "
		"CRAM-MD5\n"
		"      --pam          asks for no password: PAM decides\n"
		"      --json         list: an object a line\n\n"
		"Exit status: 0; 64 usage; 65 the file has an error; 66 there "
		"is no file or no\n"
		"password; 67 no such account; 73 there is one already; 74 it "
		"cannot be written.\n",
	.run = run_user,
};
