/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader of the file. GKeyFile itself stops at the first mistake and
 * knows no line numbers; this reads the same syntax and goes on.
 */
#include "daemon/config.h"

#include <arpa/inet.h>

#include "daemon/config-priv.h"
#include "protocols/smtp-path.h"

#define WORD_OCTETS 64 /* longer words get no suggestion */

typedef struct {
	PliConfig *config;
	const char *file;
	GPtrArray *errors;
	guint line;
	char *group; /* "server", "listener" ...; NULL: none, or unknown */
	PliConfigGroup *named; /* [listener NAME] ...; NULL: none */
	guint n_groups; /* opened so far, unknown ones too */
} Reader;

static void
error_free(gpointer data)
{
	PliConfigError *error = data;

	g_free(error->file);
	g_free(error->text);
	g_free(error);
}

GPtrArray *
pli_config_errors_new(void)
{
	return g_ptr_array_new_with_free_func(error_free);
}

char *
pli_config_error_format(const PliConfigError *error)
{
	if (error->line == 0)
		return g_strdup_printf("%s: %s", error->file, error->text);
	return g_strdup_printf("%s:%u: %s", error->file, error->line,
	                       error->text);
}

/* Takes `text`. */
static void
add_error(Reader *r, guint line, char *text)
{
	PliConfigError *error = g_new0(PliConfigError, 1);

	error->file = g_strdup(r->file);
	error->line = line;
	error->text = text;
	g_ptr_array_add(r->errors, error);
}

/* Edits (insert, drop, change, swap) from a to b; both short. */
static guint
count_edits(const char *a, const char *b)
{
	guint d[3][WORD_OCTETS + 1];
	gsize n = strlen(a), m = strlen(b), i, j;

	for (j = 0; j <= m; j++)
		d[0][j] = j;
	for (i = 1; i <= n; i++) {
		guint *row = d[i % 3], *up = d[(i - 1) % 3];

		row[0] = i;
		for (j = 1; j <= m; j++) {
			row[j] = MIN(up[j], row[j - 1]) + 1;
			row[j] = MIN(row[j],
			             up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], d[(i - 2) % 3][j - 2] + 1);
		}
	}
	return d[n % 3][m];
}

const char *
pli_config_find_near(const char *word, const char *const *words)
{
	const char *best = NULL;
	guint least = MAX(2, strlen(word) / 3) + 1;

	if (strlen(word) > WORD_OCTETS)
		return NULL;
	for (; *words != NULL; words++) {
		guint edits = count_edits(word, *words);

		if (edits < least && edits < strlen(*words)) {
			least = edits;
			best = *words;
		}
	}
	return best;
}

/* The names of the keys of a group, or (group NULL) of the groups. */
static const char **
list_names(const char *group)
{
	GPtrArray *names = g_ptr_array_new();
	const PliConfigKey *keys;
	gsize n, i;

	keys = pli_config_get_keys(&n);
	for (i = 0; i < n; i++) {
		if (group == NULL)
			g_ptr_array_add(names, (gpointer)keys[i].group);
		else if (g_str_equal(keys[i].group, group))
			g_ptr_array_add(names, (gpointer)keys[i].name);
	}
	g_ptr_array_add(names, NULL);
	return (const char **)g_ptr_array_free(names, FALSE);
}

static const PliConfigKey *
find_key(const char *group, const char *name)
{
	const PliConfigKey *keys;
	gsize n, i;

	keys = pli_config_get_keys(&n);
	for (i = 0; i < n; i++)
		if (g_str_equal(keys[i].group, group) &&
		    g_str_equal(keys[i].name, name))
			return &keys[i];
	return NULL;
}

static PliConfigGroup *
add_named(PliConfig *config, const char *group, const char *name)
{
	if (g_str_equal(group, "listener"))
		return &pli_config_add_listener(config, name,
		                                PLI_PROTOCOL_SMTP, 0)
		                ->group;
	return &pli_config_add_certificate(config, name)->group;
}

static void
open_named(Reader *r, const PliConfigNamed *named, const char *name)
{
	const char *group = named->group;
	GPtrArray *others =
	        G_STRUCT_MEMBER(GPtrArray *, r->config, named->array);
	guint i;

	if (*name == '\0') {
		add_error(r, r->line,
		          g_strdup_printf("%s needs a name: write [%s NAME]",
		                          named->title, group));
		name = "?";
	}
	for (i = 0; i < others->len; i++) {
		PliConfigGroup *other = g_ptr_array_index(others, i);

		if (!g_str_equal(other->name, name))
			continue;
		add_error(r, r->line,
		          g_strdup_printf("[%s %s] was opened in line %u "
		                          "already",
		                          group, name, other->line));
		r->named = other;
		return;
	}
	r->named = add_named(r->config, group, name);
	r->named->line = r->line;
}

/* `line` is [...], trimmed. */
static void
read_group(Reader *r, char *line)
{
	g_autofree const char **groups = list_names(NULL);
	gsize len = strlen(line);
	char *name = line + 1, *rest;
	const PliConfigNamed *named;
	const char *near;

	g_clear_pointer(&r->group, g_free);
	r->named = NULL;
	r->n_groups++;
	if (line[len - 1] != ']') {
		add_error(r, r->line,
		          g_strdup("`]` is missing after the group's name"));
		return;
	}
	line[len - 1] = '\0';
	g_strstrip(name);
	rest = name + strcspn(name, " \t");
	if (*rest != '\0')
		*rest++ = '\0';
	g_strchug(rest);
	if (!g_strv_contains(groups, name)) {
		near = pli_config_find_near(name, groups);
		add_error(r, r->line,
		          near == NULL
		                  ? g_strdup_printf("unknown group [%s]", name)
		                  : g_strdup_printf("unknown group [%s], did "
		                                    "you mean [%s]?",
		                                    name, near));
		return;
	}
	named = pli_config_find_named(name);
	if (named != NULL)
		open_named(r, named, rest);
	else if (*rest != '\0')
		add_error(r, r->line,
		          g_strdup_printf("[%s] takes no name `%s`", name,
		                          rest));
	r->group = g_strdup(name);
}

static void
report_key(Reader *r, const char *name)
{
	g_autofree const char **names = list_names(r->group);
	const char *near = pli_config_find_near(name, names);
	const char *what = r->named != NULL ? r->named->name : "";

	add_error(r, r->line,
	          g_strdup_printf("unknown key `%s` in [%s%s%s]%s%s%s", name,
	                          r->group, *what ? " " : "", what,
	                          near != NULL ? ", did you mean `" : "",
	                          near != NULL ? near : "",
	                          near != NULL ? "`?" : ""));
}

/* GKeyFile's escapes: \s \n \t \r \\. NULL for any other. */
static char *
unescape(const char *value)
{
	GString *out = g_string_new(NULL);
	const char *from = "sntr\\", *to = " \n\t\r\\", *at;

	for (; *value != '\0'; value++) {
		if (*value != '\\') {
			g_string_append_c(out, *value);
			continue;
		}
		value++;
		at = *value != '\0' ? strchr(from, *value) : NULL;
		if (at == NULL) {
			g_string_free(out, TRUE);
			return NULL;
		}
		g_string_append_c(out, to[at - from]);
	}
	return g_string_free(out, FALSE);
}

/* Notes that a key was set; FALSE when it had been. */
static gboolean
note_seen(Reader *r, const char *name)
{
	const char *group_name = r->named != NULL ? r->named->name : "";
	guint before =
	        pli_config_get_line(r->config, r->group, group_name, name);

	if (before != 0) {
		add_error(r, r->line,
		          g_strdup_printf("`%s` was set in line %u already",
		                          name, before));
		return FALSE;
	}
	pli_config_set_line(r->config, r->group, group_name, name, r->line);
	return TRUE;
}

static void
read_pair(Reader *r, char *line)
{
	char *equals = strchr(line, '=');
	g_autofree char *value = NULL, *error = NULL;
	const PliConfigKey *key;
	gpointer target = r->config;

	if (equals == NULL) {
		add_error(r, r->line,
		          g_strdup_printf("`%s` is no group, no comment and "
		                          "has no `=`",
		                          line));
		return;
	}
	if (r->group == NULL) {
		if (r->n_groups == 0)
			add_error(r, r->line,
			          g_strdup("a key stands before the first "
			                   "group, such as [server]"));
		return; /* an unknown group was reported as such */
	}
	*equals = '\0';
	g_strchomp(line);
	key = find_key(r->group, line);
	if (key == NULL) {
		report_key(r, line);
		return;
	}
	if (!note_seen(r, line))
		return;
	value = unescape(g_strchug(equals + 1));
	if (value == NULL) {
		add_error(r, r->line,
		          g_strdup("a `\\` must be followed by s, n, t, r "
		                   "or `\\`"));
		return;
	}
	if (r->named != NULL)
		target = r->named;
	if (!pli_config_set(target, key, value, &error))
		add_error(r, r->line, g_steal_pointer(&error));
}

static void
read_line(Reader *r, PliSlice octets)
{
	g_autofree char *line = pli_slice_dup(octets);

	if (strlen(line) != octets.len ||
	    !g_utf8_validate(line, (gssize)octets.len, NULL)) {
		add_error(r, r->line, g_strdup("the line is not UTF-8 text"));
		return;
	}
	g_strstrip(line);
	if (*line == '\0' || *line == '#')
		return;
	if (*line == '[') {
		read_group(r, line);
		return;
	}
	read_pair(r, line);
}

/* Where a key of a group without name was set; 0: nowhere. */
static guint
find_line(const Reader *r, const char *group, const char *key)
{
	return pli_config_get_line(r->config, group, "", key);
}

/* Whether a key without default was given. */
static void
check_given(Reader *r, const char *group, const char *name, guint line)
{
	const PliConfigKey *keys;
	gsize n, i;

	keys = pli_config_get_keys(&n);
	for (i = 0; i < n; i++) {
		if (!g_str_equal(keys[i].group, group) ||
		    keys[i].fallback != NULL ||
		    pli_config_get_line(r->config, group, name, keys[i].name))
			continue;
		add_error(r, line,
		          g_strdup_printf("`%s` is missing in [%s%s%s]",
		                          keys[i].name, group,
		                          *name ? " " : "", name));
	}
}

/* FALSE: it is no address, and that was said. */
static gboolean
check_address(Reader *r, const char *text, guint line)
{
	guint8 address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, text, address) == 1 ||
	    inet_pton(AF_INET6, text, address) == 1)
		return TRUE;
	add_error(r, line,
	          g_strdup_printf("`%s` is no IPv4 or IPv6 address", text));
	return FALSE;
}

static void
check_listener(Reader *r, const PliConfigListener *l)
{
	check_given(r, "listener", l->group.name, l->group.line);
	if (check_address(r, l->address, l->group.line) &&
	    r->config->accounts == PLI_ACCOUNTS_ANY &&
	    !pli_config_is_loopback(l->address))
		add_error(r, l->group.line,
		          g_strdup_printf("[listener %s] is at %s, but with "
		                          "accounts of mode `any` only a "
		                          "loopback address may be used, such "
		                          "as 127.0.0.1",
		                          l->group.name, l->address));
	if (l->tls == PLI_LISTENER_IMPLICIT &&
	    r->config->certificates->len == 0)
		add_error(r, l->group.line,
		          g_strdup_printf("[listener %s] has tls=implicit, and "
		                          "there is no [certificate NAME]",
		                          l->group.name));
	if (l->protocol == PLI_PROTOCOL_LMTP && l->tls == PLI_LISTENER_IMPLICIT)
		add_error(r, l->group.line,
		          g_strdup_printf("[listener %s]: LMTP has no implicit "
		                          "TLS, tls=starttls has it",
		                          l->group.name));
}

/* The PROXY header of anybody would let anybody be anybody. */
static void
check_proxies(Reader *r, const PliConfigListener *l)
{
	if (l->proxy && pli_networks_is_empty(l->proxies))
		add_error(r, l->group.line,
		          g_strdup_printf("[listener %s] has proxy=yes, which "
		                          "needs the proxies that are "
		                          "believed, such as "
		                          "proxies=192.0.2.10",
		                          l->group.name));
	if (!l->proxy && !pli_networks_is_empty(l->proxies))
		add_error(r, l->group.line,
		          g_strdup_printf("[listener %s] has proxies, which "
		                          "are of use with proxy=yes only",
		                          l->group.name));
}

/* Each word is one that AUTH knows. */
static void
check_mechanisms(Reader *r)
{
	static const char *const known[] = {
	        "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256",
	        "SCRAM-SHA-1",        "PLAIN",            "LOGIN",
	        "CRAM-MD5",           "EXTERNAL",         NULL};
	g_auto(GStrv) words = g_strsplit(r->config->mechanisms, " ", -1);
	g_autofree char *listed = g_strjoinv(", ", (char **)known);
	guint line = find_line(r, "accounts", "mechanisms");
	guint i;

	for (i = 0; words[i] != NULL; i++) {
		const char *near;

		if (*words[i] == '\0' || g_strv_contains(known, words[i]))
			continue;
		near = pli_config_find_near(words[i], known);
		add_error(r, line,
		          near != NULL
		                  ? g_strdup_printf("`%s` is no mechanism, did "
		                                    "you mean `%s`?",
		                                    words[i], near)
		                  : g_strdup_printf("`%s` is no mechanism, it "
		                                    "is one of: %s",
		                                    words[i], listed));
	}
}

static void
check_accounts(Reader *r)
{
	const PliConfig *config = r->config;
	g_auto(GStrv) domains = g_strsplit(config->domains, " ", -1);
	guint i;

	if (config->accounts == PLI_ACCOUNTS_FILE && *config->users == '\0')
		add_error(r, find_line(r, "accounts", "mode"),
		          g_strdup("mode=file needs users=PATH in [accounts], "
		                   "such as users=/etc/pli/users"));
	if (strlen(config->separator) > 1)
		add_error(r, find_line(r, "accounts", "separator"),
		          g_strdup_printf("`%s` is no `separator`: one "
		                          "character, such as +, or none",
		                          config->separator));
	if (!g_regex_match_simple("^[A-Za-z0-9_][A-Za-z0-9_-]*$",
	                          config->pam_service, G_REGEX_DOLLAR_ENDONLY,
	                          0))
		add_error(r, find_line(r, "accounts", "pam_service"),
		          g_strdup_printf("`%s` is no `pam_service`: letters, "
		                          "digits, _ and -, such as pli",
		                          config->pam_service));
	for (i = 0; domains[i] != NULL; i++)
		if (*domains[i] != '\0' &&
		    !pli_smtp_path_is_domain(pli_slice_from_string(domains[i])))
			add_error(r, find_line(r, "accounts", "domains"),
			          g_strdup_printf("`%s` is no domain; they "
			                          "stand apart by blanks",
			                          domains[i]));
}

static void
check_whole(Reader *r)
{
	guint i;

	check_given(r, "server", "", 0);
	if (r->config->listeners->len == 0)
		add_error(r, 0,
		          g_strdup("no [listener NAME]: nothing to serve"));
	for (i = 0; i < r->config->listeners->len; i++) {
		check_listener(r, g_ptr_array_index(r->config->listeners, i));
		check_proxies(r, g_ptr_array_index(r->config->listeners, i));
	}
	for (i = 0; i < r->config->certificates->len; i++) {
		PliConfigGroup *group =
		        g_ptr_array_index(r->config->certificates, i);

		check_given(r, "certificate", group->name, group->line);
	}
	check_address(r, r->config->metrics_address,
	              find_line(r, "metrics", "address"));
	check_mechanisms(r);
	check_accounts(r);
}

static gint
compare_lines(gconstpointer a, gconstpointer b)
{
	const PliConfigError *x = *(PliConfigError *const *)a;
	const PliConfigError *y = *(PliConfigError *const *)b;

	return (x->line > y->line) - (x->line < y->line);
}

PliConfig *
pli_config_parse(PliSlice text, const char *file, GPtrArray *errors)
{
	g_autoptr(PliConfig) config = pli_config_new();
	Reader r = {.config = config, .file = file, .errors = errors};
	PliSlice line;

	while (pli_slice_take_line(&text, &line)) {
		r.line++;
		read_line(&r, line);
	}
	check_whole(&r);
	g_ptr_array_sort(errors, compare_lines);
	g_free(r.group);
	return errors->len == 0 ? g_steal_pointer(&config) : NULL;
}
