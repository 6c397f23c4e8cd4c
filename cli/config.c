/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli config`: the configuration of the server, which prints it itself. */
#include "cli/command.h"
#include "cli/server.h"

#define FILE_NAME "/etc/pli/plid.conf"

typedef struct {
	char *file;
	gboolean json;
} Options;

static int
run_default(const Options *options)
{
	const char *const args[] = {"plid", "--print", "default",
				    options->json ? "--json" : NULL, NULL};

	return pli_server_exec(args);
}

static int
run_dump(const Options *options)
{
	const char *file = options->file != NULL ? options->file : FILE_NAME;
	const char *const args[] = {"plid", "--print", "values", "-c", file,
				    options->json ? "--json" : NULL, NULL};

	return pli_server_exec(args);
}

static int
run_verb(const PliCommand *command, const Options *options, char **words)
{
	gboolean is_default = g_strcmp0(words[0], "default") == 0;

	if (g_strv_length(words) != 1 ||
	    (!is_default && !g_str_equal(words[0], "dump")))
		return pli_command_format_usage(
			command, "default or dump was expected");
	if (is_default && options->file != NULL)
		return pli_command_format_usage(
			command, "default takes no file; dump does");
	return is_default ? run_default(options) : run_dump(options);
}

static int
run_config(const PliCommand *command, int argc, char **argv)
{
	Options options = {0};
	const GOptionEntry entries[] = {
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.file, NULL,
		 NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_auto(GStrv) words = NULL;
	int status;

	if (pli_command_parse(command, entries, argc, argv, &words, &status))
		status = run_verb(command, &options, words);
	g_free(options.file);
	return status;
}

const PliCommand pli_config_command = {
	.name = "config",
	.usage = "config default [--json] | dump [--json] [-c FILE]",
	.summary = "Prints the server's configuration, as it is by default or "
		   "in a file.",
	.help = "default prints a file with every key, its explanation and its "
		"default, to begin\n"
		"with; dump prints the value that each key has, and the line "
		"where it was set.\n"
		"Both print what plid can read. A password is shown as set or "
		"unset.\n\n"
		"  -c, --config FILE  instead of " FILE_NAME "\n"
		"      --json         an object a line, a key each\n\n"
		"Runs plid --print, looked for beside pli, in ../sbin and in "
		"PATH.\n\n"
		"Exit status: that of plid: 0; 64 usage; 66 there is no file; "
		"78 it has errors,\n"
		"which are printed as plid -t prints them; 69 plid is not "
		"there.\n",
	.run = run_config,
};
