/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config.h"

#include <arpa/inet.h>
#include <stddef.h>

#include "daemon/config-priv.h"

#define AT(member) G_STRUCT_OFFSET(PliConfig, member)
#define AT_LISTENER(member) G_STRUCT_OFFSET(PliConfigListener, member)
#define G (G_GUINT64_CONSTANT(1) << 30)

static const PliConfigKey keys[] = {
	{"server", "hostname", PLI_CONFIG_TEXT, "localhost", "", NULL, 0, 0,
	 "Name of this host, in greetings and trace fields.", AT(hostname)},
	{"server", "root", PLI_CONFIG_PATH, NULL, "", NULL, 0, 0,
	 "Directory of the spool and the mail.", AT(root)},
	{"server", "log", PLI_CONFIG_CHOICE, "text", "", "text|json", 0, 0,
	 "Form of the log lines on standard error.", AT(log)},
	{"listener", "protocol", PLI_CONFIG_CHOICE, NULL, "", "smtp|lmtp|imap",
	 0, 0, "What is spoken there.", AT_LISTENER(protocol)},
	{"listener", "address", PLI_CONFIG_TEXT, "127.0.0.1", "", NULL, 0, 0,
	 "IPv4 or IPv6 address to bind.", AT_LISTENER(address)},
	{"listener", "port", PLI_CONFIG_NUMBER, "0", "", NULL, 0, 65535,
	 "TCP port to bind; 0 is the protocol's own (25, 24, 143).",
	 AT_LISTENER(port)},
	{"limits", "message_octets", PLI_CONFIG_OCTETS, "50M", "octets", NULL,
	 1024, 4 * G - 1, "Largest message taken; SIZE says it to clients.",
	 AT(message_octets)},
	{"limits", "recipients", PLI_CONFIG_NUMBER, "1000", "recipients", NULL,
	 100, 100000, "Recipients of one message (RFC 5321 4.5.3.1.8: at "
	 "least 100).", AT(recipients)},
	{"limits", "connections", PLI_CONFIG_NUMBER, "10000", "connections",
	 NULL, 1, 1000000, "Connections at one time, all listeners together.",
	 AT(connections)},
	{"limits", "pending_messages", PLI_CONFIG_NUMBER, "10000", "messages",
	 NULL, 1, 1000000, "Messages that may wait for a sync; more are "
	 "answered 451.", AT(pending_messages)},
	{"limits", "pending_octets", PLI_CONFIG_OCTETS, "256M", "octets", NULL,
	 1024, 64 * G, "Octets that may wait for a sync; more are answered "
	 "451.", AT(pending_octets)},
	{"limits", "row_octets", PLI_CONFIG_OCTETS, "64K", "octets", NULL, 0,
	 G, "Larger messages lie in a file beside the spool.", AT(row_octets)},
	{"accounts", "mode", PLI_CONFIG_CHOICE, "any", "", "any", 0, 0,
	 "any: every local part is an account, made when first used; only on "
	 "loopback addresses.", AT(accounts)},
	{"accounts", "password", PLI_CONFIG_TEXT, "", "", NULL, 0, 0,
	 "The password of every account in mode any; empty: nobody logs in.",
	 AT(password)},
};

const PliConfigKey *
pli_config_get_keys(gsize *ret_n)
{
	*ret_n = G_N_ELEMENTS(keys);
	return keys;
}

static void
listener_free(gpointer data)
{
	PliConfigListener *listener = data;

	g_free(listener->name);
	g_free(listener->address);
	g_free(listener);
}

void
pli_config_set_defaults(gpointer target, const char *group)
{
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(keys); i++) {
		gboolean mine = g_str_equal(keys[i].group, "listener");

		mine = group == NULL ? !mine : mine;
		if (mine && keys[i].fallback != NULL)
			g_assert(pli_config_set(target, &keys[i],
			                        keys[i].fallback, NULL));
	}
}

PliConfig *
pli_config_new(void)
{
	PliConfig *config = g_new0(PliConfig, 1);

	config->listeners = g_ptr_array_new_with_free_func(listener_free);
	pli_config_set_defaults(config, NULL);
	return config;
}

void
pli_config_free(PliConfig *config)
{
	if (config == NULL)
		return;
	g_free(config->hostname);
	g_free(config->root);
	g_free(config->password);
	g_ptr_array_unref(config->listeners);
	g_free(config);
}

PliConfigListener *
pli_config_add_listener(PliConfig *config, const char *name,
                        PliProtocol protocol, guint port)
{
	PliConfigListener *listener = g_new0(PliConfigListener, 1);

	pli_config_set_defaults(listener, "listener");
	listener->name = g_strdup(name);
	listener->protocol = protocol;
	listener->port = port;
	g_ptr_array_add(config->listeners, listener);
	return listener;
}

static gboolean
parse_number(const PliConfigKey *key, const char *text, guint64 *ret_number)
{
	const char *units = "KMG", *unit;
	g_autofree char *digits = g_strdup(text);
	gsize len = strlen(digits);
	guint shift = 0;

	if (key->type == PLI_CONFIG_OCTETS && len > 1 &&
	    (unit = strchr(units, digits[len - 1])) != NULL) {
		shift = 10 * (guint)(unit - units + 1);
		digits[len - 1] = '\0';
	}
	return g_ascii_string_to_unsigned(digits, 10, 0, key->most >> shift,
	                                  ret_number, NULL) &&
	       (*ret_number <<= shift) >= key->least;
}

static char *
set_choice(const PliConfigKey *key, const char *text, guint64 *field)
{
	g_auto(GStrv) choices = g_strsplit(key->choices, "|", -1);
	g_autofree char *listed = g_strjoinv(", ", choices);
	const char *near;
	guint i;

	for (i = 0; choices[i] != NULL; i++) {
		if (g_str_equal(choices[i], text)) {
			*field = i;
			return NULL;
		}
	}
	near = pli_config_find_near(text, (const char *const *)choices);
	if (near != NULL)
		return g_strdup_printf("`%s` is no `%s`, did you mean `%s`?",
		                       text, key->name, near);
	return g_strdup_printf("`%s` is no `%s`, it is one of: %s", text,
	                       key->name, listed);
}

static char *
set_number(const PliConfigKey *key, const char *text, guint64 *field)
{
	guint64 number;

	if (parse_number(key, text, &number)) {
		*field = number;
		return NULL;
	}
	return g_strdup_printf("`%s` is not `%s`: a number from "
	                       "%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
	                       "%s%s%s, such as %s",
	                       text, key->name, key->least, key->most,
	                       *key->unit ? " " : "", key->unit,
	                       key->type == PLI_CONFIG_OCTETS
	                               ? " (K, M and G multiply by 1024)"
	                               : "",
	                       key->fallback);
}

gboolean
pli_config_set(gpointer target, const PliConfigKey *key, const char *text,
               char **ret_error)
{
	gpointer field = G_STRUCT_MEMBER_P(target, key->offset);
	char *error = NULL;

	switch (key->type) {
	case PLI_CONFIG_CHOICE:
		error = set_choice(key, text, field);
		break;
	case PLI_CONFIG_NUMBER:
	case PLI_CONFIG_OCTETS:
		error = set_number(key, text, field);
		break;
	case PLI_CONFIG_PATH:
		if (!g_path_is_absolute(text)) {
			error = g_strdup_printf("`%s` must be an absolute "
			                        "path, such as /var/lib/pli",
			                        key->name);
			break;
		}
		G_GNUC_FALLTHROUGH;
	case PLI_CONFIG_TEXT:
		g_free(*(char **)field);
		*(char **)field = g_strdup(text);
		break;
	}
	if (error == NULL)
		return TRUE;
	if (ret_error != NULL)
		*ret_error = error;
	else
		g_free(error);
	return FALSE;
}

const char *
pli_protocol_get_name(PliProtocol protocol)
{
	static const char *const names[] = {"smtp", "lmtp", "imap"};

	g_assert(protocol < G_N_ELEMENTS(names));
	return names[protocol];
}

gboolean
pli_config_is_loopback(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 &&
	       IN6_IS_ADDR_LOOPBACK(&v6);
}
