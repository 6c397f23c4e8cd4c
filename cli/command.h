/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A subcommand of `pli`: one const row, one file each.
 *
 * run() gets its own name as argv[0] and answers the exit status: 0, 1 (found
 * something) or one of sysexits.h.
 */
#ifndef PLI_CLI_COMMAND_H
#define PLI_CLI_COMMAND_H

#include <glib.h>

/* The message asked for, or its defects, were not all well. */
#define PLI_EXIT_FOUND 1

typedef struct PliCommand PliCommand;

struct PliCommand {
	const char *name;
	const char *usage;   /* with the name: "tree [--json] PATH..." */
	const char *summary; /* one line, for the list */
	const char *help;    /* the rest of `pli help NAME` */
	int (*run)(const PliCommand *command, int argc, char **argv);
};

extern const PliCommand pli_alias_command;
extern const PliCommand pli_check_command;
extern const PliCommand pli_compose_command;
extern const PliCommand pli_config_command;
extern const PliCommand pli_convert_command;
extern const PliCommand pli_decrypt_command;
extern const PliCommand pli_dev_command;
extern const PliCommand pli_edit_command;
extern const PliCommand pli_envelope_command;
extern const PliCommand pli_extract_command;
extern const PliCommand pli_help_command;
extern const PliCommand pli_join_command;
extern const PliCommand pli_normalize_command;
extern const PliCommand pli_structure_command;
extern const PliCommand pli_tree_command;
extern const PliCommand pli_user_command;
extern const PliCommand pli_verify_command;

/* All of them, in the order of the list; NULL-terminated, static. */
const PliCommand *const *pli_command_get_all(void);

/* NULL when there is none of that name. */
const PliCommand *pli_command_find(const char *name);

/*
 * Reads options into what `entries` point to; the rest of the words become
 * *ret_paths, a NULL-terminated array the caller frees, maybe empty. FALSE:
 * nothing is left to do but leave with *ret_status, help or a usage error
 * having been printed.
 */
gboolean pli_command_parse(const PliCommand *command,
			   const GOptionEntry *entries, int argc, char **argv,
			   char ***ret_paths, int *ret_status);

/* The same, with the data of entries that are callbacks. */
gboolean pli_command_parse_for(const PliCommand *command,
			       const GOptionEntry *entries, gpointer data,
			       int argc, char **argv, char ***ret_paths,
			       int *ret_status);

/* Prints "pli: NAME: TEXT; usage: ..." on standard error; answers 64. */
int pli_command_format_usage(const PliCommand *command, const char *format, ...)
	G_GNUC_PRINTF(2, 3);

/* What `pli help NAME` says, on standard output. */
void pli_command_format_help(const PliCommand *command);

#endif
