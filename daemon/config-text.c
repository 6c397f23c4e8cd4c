/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config-text.h"

#include <string.h>

#include "daemon/config-priv.h"

#define COLUMNS 78

/* Of keys that have no default. */
static const struct {
	const char *group, *key, *value;
} examples[] = {
	{"server", "root", "/var/lib/pli"},
	{"listener", "protocol", "smtp"},
	{"certificate", "certificate", "/etc/pli/fullchain.pem"},
	{"certificate", "key", "/etc/pli/privkey.pem"},
};

/* The names of PliConfigType. */
static const char *const type_names[] = {
	[PLI_CONFIG_TEXT] = "text",	[PLI_CONFIG_SECRET] = "secret",
	[PLI_CONFIG_PATH] = "path",	[PLI_CONFIG_CHOICE] = "choice",
	[PLI_CONFIG_NUMBER] = "number", [PLI_CONFIG_OCTETS] = "octets",
	[PLI_CONFIG_NETWORKS] = "networks",
	[PLI_CONFIG_DNS_LISTS] = "dns-lists",
	[PLI_CONFIG_RESOLVERS] = "resolvers",
};

static gboolean
is_number(const PliConfigKey *key)
{
	return key->type == PLI_CONFIG_NUMBER || key->type == PLI_CONFIG_OCTETS;
}

static const char *
find_example(const PliConfigKey *key)
{
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(examples); i++)
		if (g_str_equal(examples[i].group, key->group) &&
		    g_str_equal(examples[i].key, key->name))
			return examples[i].value;
	g_assert_not_reached();
}

/* What the reader undoes: GKeyFile's escapes, blanks where they would be
 * trimmed. */
static void
append_escaped(GString *out, const char *value)
{
	const char *from = "\n\t\r\\", *to = "ntr\\", *at, *p;

	for (p = value; *p != '\0'; p++) {
		gboolean at_end = p == value || p[1] == '\0';

		at = strchr(from, *p);
		if (at != NULL)
			g_string_append_printf(out, "\\%c", to[at - from]);
		else if (*p == ' ' && at_end)
			g_string_append(out, "\\s");
		else
			g_string_append_c(out, *p);
	}
}

/* A string of JSON (RFC 8259 7); the file's text is UTF-8. */
static void
append_json(GString *out, const char *text)
{
	if (text == NULL) {
		g_string_append(out, "null");
		return;
	}
	g_string_append_c(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_printf(out, "\\%c", *text);
		else if (g_ascii_iscntrl(*text))
			g_string_append_printf(out, "\\u%04x", (guint8)*text);
		else
			g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
}

static void
append_json_of(GString *out, const char *key, const char *text)
{
	g_string_append_printf(out, "\"%s\":", key);
	append_json(out, text);
}

/* "# " and the text, in lines of a common width. */
static void
append_comment(GString *out, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	glong column = COLUMNS; /* so that the first word begins a line */
	guint i;

	for (i = 0; words[i] != NULL; i++) {
		glong n = g_utf8_strlen(words[i], -1);

		if (i > 0 && column + 1 + n <= COLUMNS) {
			g_string_append_printf(out, " %s", words[i]);
			column += 1 + n;
		} else {
			g_string_append_printf(out, "%s# %s",
			                       i > 0 ? "\n" : "", words[i]);
			column = 2 + n;
		}
	}
	g_string_append_c(out, '\n');
}

/* "Octets, 1024 to 4294967295.", "One of: a, b.", or nothing. */
static char *
dup_range(const PliConfigKey *key)
{
	g_auto(GStrv) choices = NULL;
	g_autofree char *listed = NULL;

	if (is_number(key))
		return g_strdup_printf(
		        " A number%s%s, %" G_GUINT64_FORMAT
		        " to %" G_GUINT64_FORMAT "%s.",
		        *key->unit ? " of " : "", key->unit, key->least,
		        key->most,
		        key->type == PLI_CONFIG_OCTETS
		                ? "; K, M and G multiply by 1024"
		                : "");
	if (key->type != PLI_CONFIG_CHOICE)
		return g_strdup("");
	choices = g_strsplit(key->choices, "|", -1);
	listed = g_strjoinv(", ", choices);
	return g_strdup_printf(" One of: %s.", listed);
}

/* The key as the default file has it. */
static void
append_default(GString *out, const PliConfigKey *key, gboolean is_needed)
{
	g_autofree char *range = dup_range(key);
	const char *text = key->fallback;
	g_autofree char *comment = NULL;

	if (text == NULL)
		text = find_example(key);
	comment = g_strconcat(key->text, range,
	                      key->fallback == NULL ? " It must be given." : "",
	                      NULL);
	g_string_append_c(out, '\n');
	append_comment(out, comment);
	g_string_append_printf(out, "%s%s=",
	                       key->fallback == NULL && is_needed ? "" : "#",
	                       key->name);
	append_escaped(out, text);
	g_string_append_c(out, '\n');
}

/* The group's line; TRUE: the group itself is more than an example. */
static gboolean
append_default_group(GString *out, const char *group)
{
	const PliConfigNamed *named = pli_config_find_named(group);
	gboolean is_needed = named == NULL || named->is_needed;

	g_string_append_c(out, '\n');
	if (named != NULL)
		g_string_append_printf(out,
		                       "# As many groups [%s NAME] as are "
		                       "wanted%s.\n",
		                       group,
		                       is_needed ? ", one at least" : "");
	g_string_append_printf(out, "%s[%s%s%s]\n", is_needed ? "" : "#",
	                       group, named != NULL ? " " : "",
	                       named != NULL ? named->example : "");
	return is_needed;
}

static void
append_json_default(GString *out, const PliConfigKey *key)
{
	const char *choices = key->choices != NULL ? key->choices : "";
	g_auto(GStrv) words = g_strsplit(choices, "|", -1);
	guint i;

	g_string_append_c(out, '{');
	append_json_of(out, "group", key->group);
	g_string_append_printf(out, ",\"named\":%s,",
	                       pli_config_find_named(key->group) != NULL
	                               ? "true"
	                               : "false");
	append_json_of(out, "key", key->name);
	g_string_append_c(out, ',');
	append_json_of(out, "type", type_names[key->type]);
	g_string_append_c(out, ',');
	append_json_of(out, "default", key->fallback);
	g_string_append_c(out, ',');
	append_json_of(out, "unit", key->unit);
	g_string_append(out, ",\"choices\":[");
	for (i = 0; words[i] != NULL; i++) {
		g_string_append(out, i > 0 ? "," : "");
		append_json(out, words[i]);
	}
	g_string_append_c(out, ']');
	if (is_number(key))
		g_string_append_printf(out,
		                       ",\"least\":%" G_GUINT64_FORMAT
		                       ",\"most\":%" G_GUINT64_FORMAT,
		                       key->least, key->most);
	g_string_append_c(out, ',');
	append_json_of(out, "text", key->text);
	g_string_append(out, "}\n");
}

char *
pli_config_format_default(PliConfigForm form)
{
	GString *out = g_string_new(NULL);
	const PliConfigKey *keys;
	gboolean is_needed = TRUE;
	gsize n, i;

	keys = pli_config_get_keys(&n);
	if (form == PLI_CONFIG_FORM_FILE)
		g_string_append(out,
		                "# The configuration of plid: every key, and "
		                "its default behind #. What has\n"
		                "# none is an example. See plid.conf(5).\n");
	for (i = 0; i < n; i++) {
		if (form == PLI_CONFIG_FORM_JSON) {
			append_json_default(out, &keys[i]);
			continue;
		}
		if (i == 0 || !g_str_equal(keys[i].group, keys[i - 1].group))
			is_needed = append_default_group(out, keys[i].group);
		append_default(out, &keys[i], is_needed);
	}
	return g_string_free(out, FALSE);
}

/* 52428800 as "50M". */
static char *
dup_octets(guint64 octets)
{
	const char *units = "\0KMG";
	guint i = 0;

	while (i < 3 && octets > 0 && octets % 1024 == 0) {
		octets /= 1024;
		i++;
	}
	return g_strdup_printf("%" G_GUINT64_FORMAT "%.1s", octets, units + i);
}

/* The value in `target`, as it would be written but for escapes. */
static char *
dup_value(gconstpointer target, const PliConfigKey *key)
{
	gconstpointer field = (const char *)target + key->offset;
	guint64 number;
	g_auto(GStrv) choices = NULL;

	if (key->type == PLI_CONFIG_NETWORKS)
		return pli_networks_format(*(PliNetworks *const *)field);
	if (key->type == PLI_CONFIG_DNS_LISTS)
		return pli_dns_lists_format(*(GPtrArray *const *)field);
	if (!is_number(key) && key->type != PLI_CONFIG_CHOICE)
		return g_strdup(*(char *const *)field);
	number = *(const guint64 *)field;
	/* the port that is bound, not 0 */
	if (g_str_equal(key->group, "listener") &&
	    g_str_equal(key->name, "port"))
		number = pli_config_listener_get_port(target);
	if (key->type == PLI_CONFIG_OCTETS)
		return dup_octets(number);
	if (key->type == PLI_CONFIG_NUMBER)
		return g_strdup_printf("%" G_GUINT64_FORMAT, number);
	choices = g_strsplit(key->choices, "|", -1);
	g_assert(number < g_strv_length(choices));
	return g_strdup(choices[number]);
}

/* A key of a group, which is called `name` or "". */
typedef struct {
	const PliConfigKey *key;
	const char *name;
	guint line; /* 0: it is the default */
	char *value;
} Value;

static void
append_value(GString *out, const Value *value)
{
	g_autofree char *where =
	        value->line == 0
	                ? g_strdup("default")
	                : g_strdup_printf("line %u", value->line);

	if (value->key->type == PLI_CONFIG_SECRET) {
		g_string_append_printf(out, "# %s: %s is %s\n", where,
		                       value->key->name,
		                       *value->value ? "set" : "unset");
		return;
	}
	g_string_append_printf(out, "# %s\n%s=", where, value->key->name);
	append_escaped(out, value->value);
	g_string_append_c(out, '\n');
}

static void
append_json_value(GString *out, const Value *value)
{
	gboolean is_secret = value->key->type == PLI_CONFIG_SECRET;

	g_string_append_c(out, '{');
	append_json_of(out, "group", value->key->group);
	g_string_append_c(out, ',');
	append_json_of(out, "name", *value->name ? value->name : NULL);
	g_string_append_c(out, ',');
	append_json_of(out, "key", value->key->name);
	if (is_secret)
		g_string_append_printf(out, ",\"set\":%s",
		                       *value->value ? "true" : "false");
	g_string_append_c(out, ',');
	append_json_of(out, "value", is_secret ? NULL : value->value);
	if (value->line > 0)
		g_string_append_printf(out, ",\"line\":%u}\n", value->line);
	else
		g_string_append(out, ",\"line\":null}\n");
}

/* All keys of one group; `target` is the configuration, or what the named
 * group has. */
static void
append_group(GString *out, const PliConfig *config, const char *group,
             gconstpointer target, PliConfigForm form)
{
	const PliConfigGroup *named =
	        target != config ? target : &(PliConfigGroup){(char *)"", 0};
	const PliConfigKey *keys;
	gsize n, i;

	if (form == PLI_CONFIG_FORM_FILE)
		g_string_append_printf(out, "%s[%s%s%s]\n",
		                       out->len > 0 ? "\n" : "", group,
		                       *named->name ? " " : "", named->name);
	keys = pli_config_get_keys(&n);
	for (i = 0; i < n; i++) {
		Value value = {.key = &keys[i], .name = named->name};

		if (!g_str_equal(keys[i].group, group))
			continue;
		value.line = pli_config_get_line(config, group, named->name,
		                                 keys[i].name);
		value.value = dup_value(target, &keys[i]);
		if (form == PLI_CONFIG_FORM_FILE)
			append_value(out, &value);
		else
			append_json_value(out, &value);
		g_free(value.value);
	}
}

char *
pli_config_format_values(const PliConfig *config, PliConfigForm form)
{
	GString *out = g_string_new(NULL);
	const PliConfigKey *keys;
	gsize n, i;
	guint t;

	keys = pli_config_get_keys(&n);
	for (i = 0; i < n; i++) {
		const char *group = keys[i].group;
		const PliConfigNamed *named = pli_config_find_named(group);
		GPtrArray *targets;

		if (i > 0 && g_str_equal(group, keys[i - 1].group))
			continue;
		if (named == NULL) {
			append_group(out, config, group, config, form);
			continue;
		}
		targets = G_STRUCT_MEMBER(GPtrArray *, config, named->array);
		for (t = 0; t < targets->len; t++)
			append_group(out, config, group,
			             g_ptr_array_index(targets, t), form);
	}
	return g_string_free(out, FALSE);
}
