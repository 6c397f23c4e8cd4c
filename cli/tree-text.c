/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/tree-text.h"

#include "cli/header.h"
#include "cli/report.h"
#include "engine/date.h"
#include "engine/param.h"

#define MAX_SHOWN_ADDRESSES 5
/* Deep trees do not push every row to the right. */
#define MAX_LABEL 60

enum {
	CELL_LABEL, /* branches, section number, type */
	CELL_CHARSET,
	CELL_ENCODING,
	CELL_OCTETS, /* as served */
	CELL_DECODED,
	CELL_LINES,
	CELL_RANGE, /* of the body in the file */
	CELL_NAME,
	N_CELLS,
};

typedef struct {
	const PliTerminal *terminal;
	PliContext *context;
	const PliMessage *message;
	const PliReading *reading;
	guint widths[N_CELLS];
	GArray *is_last; /* gboolean by depth: the branch that is drawn */
} Tree;

/* The part's number among its siblings is the highest. */
static gboolean
is_last_child(const PliStructure *structure, const PliPart *part)
{
	PliPart parent;

	if (part->parent == PLI_NONE)
		return TRUE;
	pli_structure_get_part(structure, part->parent, &parent);
	return pli_structure_get_child(structure, &parent,
				       parent.n_children - 1) == part->index;
}

static void
tree_set_branch(Tree *tree, const PliPart *part)
{
	gboolean last = is_last_child(tree->message->structure, part);

	g_array_set_size(tree->is_last, part->depth + 1);
	g_array_index(tree->is_last, gboolean, part->depth) = last;
}

/* The branches left of a part, or left of what is said about it. */
static GString *
tree_new_branches(const Tree *tree, const PliPart *part, gboolean remark)
{
	static const char *const art[2][4] = {
		{"|   ", "    ", "|-- ", "`-- "},
		{"│   ", "    ", "├── ", "└── "},
	};
	const char *const *set = art[tree->terminal->boxes ? 1 : 0];
	GString *text = g_string_new("  ");

	for (guint d = 1; d <= part->depth; d++) {
		gboolean last = g_array_index(tree->is_last, gboolean, d);
		gboolean joint = d == part->depth && !remark;

		g_string_append(text, set[(joint ? 2 : 0) + (last ? 1 : 0)]);
	}
	if (remark)
		g_string_append(text, part->n_children > 0 ? set[0] : set[1]);
	return text;
}

static char *
dup_shown(const Tree *tree, char *text)
{
	g_autofree char *owned = text;

	return owned != NULL ? pli_terminal_dup_text(tree->terminal, owned)
			     : g_strdup("");
}

static char *
dup_quoted(const Tree *tree, const char *name)
{
	if (name == NULL)
		return g_strdup("without a name");
	return dup_shown(tree, g_strdup_printf("\"%s\"", name));
}

static char *
dup_label(const Tree *tree, const PliPart *part)
{
	GString *label = tree_new_branches(tree, part, FALSE);
	g_autofree char *shown = dup_shown(
		tree, pli_header_dup_type(tree->message->structure, part));

	g_string_append_printf(label, "%s %s%s",
			       tree->reading->paths[part->index], shown,
			       part->flags & PLI_PART_SYNTHETIC ? " (synthetic)"
			       : part->flags & PLI_PART_OPAQUE	? " (opaque)"
								: "");
	return g_string_free(label, FALSE);
}

/* Disposition and file name. */
static char *
dup_name(const Tree *tree, const PliPart *part)
{
	const PliStructure *structure = tree->message->structure;
	g_autofree char *disposition = dup_shown(
		tree, pli_header_dup_text(tree->context, structure, part,
					  PLI_ITEM_DISPOSITION));
	g_autofree char *raw =
		pli_param_decode_filename(tree->context, structure, part, NULL);
	g_autofree char *name = NULL;

	if (raw == NULL)
		return g_steal_pointer(&disposition);
	name = pli_terminal_dup_text(tree->terminal, raw);
	return g_strdup_printf("%s%s\"%s\"", disposition,
			       *disposition != '\0' ? " " : "", name);
}

static void
make_cells(const Tree *tree, const PliPart *part, char *cells[N_CELLS])
{
	const PliStructure *structure = tree->message->structure;
	const PliFacts *facts = &tree->reading->facts[part->index];
	char *encoding = pli_header_dup_text(tree->context, structure, part,
					     PLI_ITEM_ENCODING);

	cells[CELL_LABEL] = dup_label(tree, part);
	cells[CELL_CHARSET] = dup_shown(
		tree, pli_facts_dup_charset(tree->context, tree->message, part,
					    NULL));
	cells[CELL_ENCODING] =
		dup_shown(tree, encoding != NULL ? encoding : g_strdup("7bit"));
	cells[CELL_OCTETS] =
		g_strdup_printf("%" G_GUINT64_FORMAT " octets",
				pli_structure_get_served_body(structure, part));
	cells[CELL_DECODED] =
		facts->known ? g_strdup_printf("%" G_GUINT64_FORMAT " decoded",
					       facts->size)
			     : g_strdup("");
	cells[CELL_LINES] = g_strdup_printf("%" G_GUINT64_FORMAT " lines",
					    part->body_lines);
	cells[CELL_RANGE] = pli_report_dup_span(&part->body);
	cells[CELL_NAME] = dup_name(tree, part);
}

static void
measure_part(Tree *tree, const PliPart *part)
{
	char *cells[N_CELLS];

	tree_set_branch(tree, part);
	make_cells(tree, part, cells);
	for (int i = 0; i < N_CELLS; i++) {
		guint width = g_utf8_strlen(cells[i], -1);

		if (i == CELL_LABEL)
			width = MIN(width, MAX_LABEL);
		tree->widths[i] = MAX(tree->widths[i], width);
		g_free(cells[i]);
	}
}

static void
print_row(Tree *tree, const PliPart *part)
{
	g_autoptr(GString) row = g_string_new(NULL);
	char *cells[N_CELLS];

	make_cells(tree, part, cells);
	for (int i = 0; i < N_CELLS; i++) {
		guint width = g_utf8_strlen(cells[i], -1);
		guint pad = tree->widths[i] - MIN(width, tree->widths[i]);
		gboolean right = i >= CELL_OCTETS && i <= CELL_LINES;

		if (tree->widths[i] > 0)
			g_string_append_printf(
				row, "%*s%s%*s", (right ? (int)pad : 0), "",
				cells[i], (right ? 0 : (int)pad) + 2, "");
		g_free(cells[i]);
	}
	g_strchomp(row->str);
	puts(row->str);
}

static void
print_defect(const Tree *tree, const PliPart *part, const PliDefect *defect)
{
	const PliDefectInfo *info = pli_defect_get_info(defect->id);
	g_autoptr(GString) branches = tree_new_branches(tree, part, TRUE);
	g_autofree char *span = pli_report_dup_span(&defect->span);

	printf("%s! %s %s %s: %s (%s)\n", branches->str,
	       pli_severity_get_name(info->severity), info->name, span,
	       info->sentence, info->section);
}

static void
print_files(const Tree *tree, const PliPart *part)
{
	g_autoptr(GString) branches = tree_new_branches(tree, part, TRUE);
	guint n;
	const PliReadingFile *files =
		pli_reading_find_files(tree->reading, part->index, &n);

	for (guint i = 0; i < n; i++) {
		g_autofree char *name = dup_quoted(tree, files[i].name);

		printf("%s+ %s in %s, %" G_GUINT64_FORMAT " octets\n",
		       branches->str, name, files[i].within, files[i].size);
	}
}

static gint
compare_by_part(gconstpointer a, gconstpointer b)
{
	const PliDefect *x = *(const PliDefect *const *)a;
	const PliDefect *y = *(const PliDefect *const *)b;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void
print_parts(Tree *tree)
{
	const PliStructure *structure = tree->message->structure;
	const PliReading *reading = tree->reading;
	g_autoptr(GPtrArray) defects = g_ptr_array_new();
	guint next = 0;

	for (guint i = 0; i < reading->n_defects; i++)
		g_ptr_array_add(defects, &reading->defects[i]);
	g_ptr_array_sort(defects, compare_by_part);
	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++) {
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		tree_set_branch(tree, &part);
		print_row(tree, &part);
		print_files(tree, &part);
		for (; next < defects->len; next++) {
			const PliDefect *defect = defects->pdata[next];

			if (defect->part != i)
				break;
			print_defect(tree, &part, defect);
		}
	}
}

static void
print_field(const Tree *tree, const char *name, char *text)
{
	g_autofree char *shown = NULL;

	if (text == NULL)
		return;
	shown = dup_shown(tree, text);
	printf("  %-8s %s\n", name, shown);
}

static void
print_head(const Tree *tree)
{
	const PliStructure *structure = tree->message->structure;
	g_autofree char *name =
		dup_shown(tree, pli_message_dup_name(tree->message));
	char date[40];
	gint64 seconds;
	gint zone;
	PliPart root;

	pli_structure_get_part(structure, 0, &root);
	printf("%s: %" G_GUINT64_FORMAT " octets, %" G_GUINT64_FORMAT
	       " lines, %u part%s\n",
	       name, pli_structure_get_served_length(structure),
	       pli_structure_get_lines(structure),
	       pli_structure_get_n_parts(structure),
	       pli_structure_get_n_parts(structure) == 1 ? "" : "s");
	print_field(tree, "Subject:",
		    pli_header_dup_text(tree->context, structure, &root,
					PLI_ITEM_SUBJECT));
	print_field(tree, "From:",
		    pli_header_dup_addresses(tree->context, structure, &root,
					     PLI_ITEM_FROM,
					     MAX_SHOWN_ADDRESSES));
	if (pli_header_find_date(structure, &root, &seconds, &zone)) {
		pli_date_format(seconds, zone, date);
		print_field(tree, "Date:", g_strdup(date));
	}
}

static void
print_other_leaf(const Tree *tree, const PliOtherLeaf *leaf)
{
	g_autofree char *name = dup_quoted(tree, leaf->filename);
	g_autofree char *type =
		dup_shown(tree, g_strdup(leaf->type != NULL
						 ? leaf->type
						 : "application/octet-stream"));

	printf("    + %s %s %s%s%s, %" G_GUINT64_FORMAT " octets\n",
	       leaf->path, type, name, leaf->within != NULL ? " in " : "",
	       leaf->within != NULL ? leaf->within : "", leaf->size);
}

static void
print_others(const Tree *tree, const PliOtherReadings *others)
{
	for (guint i = 0; i < others->list->len; i++) {
		const PliOtherReading *reading =
			&g_array_index(others->list, PliOtherReading, i);
		g_autofree char *span = pli_report_dup_span(&reading->span);
		g_autofree char *type =
			pli_terminal_dup_text(tree->terminal, reading->type);

		printf("  read otherwise: %s, %s in part %s %s%s\n", type,
		       pli_defect_get_info(reading->reason)->name,
		       tree->reading->paths[reading->part], span,
		       reading->leaves->len == 0 ? ", nothing new" : "");
		for (guint n = 0; n < reading->leaves->len; n++)
			print_other_leaf(tree,
					 &g_array_index(reading->leaves,
							PliOtherLeaf, n));
	}
	if (others->is_limited)
		printf("  ! %s\n",
		       pli_defect_get_info(PLI_DEFECT_LIMIT_READINGS)
			       ->sentence);
}

void
pli_tree_text_format(const PliTerminal *terminal, PliContext *context,
		     const PliMessage *message, const PliReading *reading,
		     const PliOtherReadings *others)
{
	guint32 n_parts = pli_structure_get_n_parts(message->structure);
	g_autoptr(GArray) is_last = g_array_new(FALSE, TRUE, sizeof(gboolean));
	Tree tree = {
		.terminal = terminal,
		.context = context,
		.message = message,
		.reading = reading,
		.is_last = is_last,
	};

	for (guint32 i = 0; i < n_parts; i++) {
		PliPart part;

		pli_structure_get_part(message->structure, i, &part);
		measure_part(&tree, &part);
	}
	print_head(&tree);
	print_parts(&tree);
	if (others != NULL)
		print_others(&tree, others);
}
