/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `pli check`: what is wrong with each message, and where. */
#include "cli/command.h"

#include "cli/input.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "engine/defect-advice.h"

/* Notes alone leave a message clean. */
static gboolean
has_found(const PliMessage *message, const PliReading *reading)
{
	for (guint i = 0; i < reading->n_defects; i++)
		if (pli_defect_get_info(reading->defects[i].id)->severity >
		    PLI_SEVERITY_NOTE)
			return TRUE;
	return pli_message_is_damaged(message);
}

static void
print_json(PliJson *json, const PliMessage *message, const PliReading *reading)
{
	pli_json_begin_object(json);
	pli_report_add_origin(json, message);
	pli_json_add_key(json, "status");
	pli_json_add_string(json,
			    has_found(message, reading) ? "found" : "clean");
	pli_report_add_defects(json, reading);
	pli_json_end_object(json);
	pli_json_end_line(json);
}

/* Notes that are no ambiguity need nobody's attention. */
static void
print_advice(const PliDefectInfo *info)
{
	const PliDefectAdvice *advice = pli_defect_advice_find(info->id);

	if (advice->readers != NULL)
		printf("    readers disagree about %s\n", advice->readers);
	if (advice->readers != NULL || info->severity > PLI_SEVERITY_NOTE)
		printf("    remedy: %s\n", advice->remedy);
}

static void
print_text(const PliTerminal *terminal, const PliMessage *message,
	   const PliReading *reading)
{
	g_autofree char *name = pli_message_dup_name(message);
	g_autofree char *shown = pli_terminal_dup_text(terminal, name);

	for (guint i = 0; i < reading->n_defects; i++) {
		const PliDefect *defect = &reading->defects[i];
		const PliDefectInfo *info = pli_defect_get_info(defect->id);
		g_autofree char *span = pli_report_dup_span(&defect->span);

		printf("%s: %s: part %s: %s: %s%s: %s (%s)\n", shown, span,
		       reading->paths[defect->part],
		       pli_severity_get_name(info->severity), info->name,
		       info->kind == PLI_DEFECT_AMBIGUITY ? " [ambiguity]" : "",
		       info->sentence, info->section);
		print_advice(info);
	}
	if (!has_found(message, reading))
		printf("%s: clean\n", shown);
}

static int
check_messages(char *const *paths, gboolean as_json)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliInput) input = pli_input_new(paths, FALSE);
	PliTerminal terminal;
	PliJson json;
	int status = 0;

	pli_terminal_init(&terminal, stdout);
	pli_json_init(&json, stdout);
	while (!pli_terminal_has_failed()) {
		g_autoptr(PliMessage) message = pli_input_next(input);
		g_autoptr(PliReading) reading = NULL;
		g_autoptr(GError) error = NULL;

		if (message == NULL)
			break;
		reading = pli_reading_new(context, message, FALSE, &error);
		if (reading == NULL) {
			pli_input_add_error(input, message, error);
			continue;
		}
		if (as_json)
			print_json(&json, message, reading);
		else
			print_text(&terminal, message, reading);
		if (has_found(message, reading))
			status = PLI_EXIT_FOUND;
	}
	return MAX(status, pli_input_get_status(input));
}

static int
list_defects(void)
{
	PliJson json;

	pli_json_init(&json, stdout);
	pli_report_add_catalogue(&json);
	return pli_terminal_finish();
}

static int
run_check(const PliCommand *command, int argc, char **argv)
{
	g_auto(GStrv) paths = NULL;
	gboolean as_json = FALSE, list = FALSE;
	const GOptionEntry options[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &as_json, NULL, NULL},
		{"list", 0, 0, G_OPTION_ARG_NONE, &list, NULL, NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	int status, written;

	if (!pli_command_parse(command, options, argc, argv, &paths, &status))
		return status;
	if (list)
		return list_defects();
	if (paths[0] == NULL)
		return pli_command_format_usage(command, "no PATH was given");
	status = check_messages(paths, as_json);
	written = pli_terminal_finish();
	return MAX(status, written);
}

const PliCommand pli_check_command = {
	.name = "check",
	.usage = "check [--json] PATH... | check --list",
	.summary = "Tells what is wrong with each message, and where.",
	.help = "A PATH is a file with one message, an mbox file, a Maildir "
		"folder, or - for\n"
		"standard input.\n\n"
		"A line is a defect: message, offset and length in it, the "
		"part's section number,\n"
		"severity (note, warning, error), name, a sentence, and the "
		"section of the RFC.\n"
		"[ambiguity] marks what two readers may see differently; what "
		"they disagree about\n"
		"follows, and what to do.\n\n"
		"  --json  one JSON object a message and a line: file, status, "
		"defects\n"
		"  --list  every defect there is, one JSON object a line\n\n"
		"Exit status: 0 when nothing was found, or notes only; 1 when "
		"there is a warning\n"
		"or an error, or the message is empty, truncated, binary or "
		"over a limit;\n"
		"64 usage, 66 a PATH cannot be opened, 74 read or write "
		"error.\n",
	.run = run_check,
};
