/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config.h"

#include <arpa/inet.h>
#include <stddef.h>

#include "daemon/config-priv.h"
#include "daemon/dns.h"

static void
listener_free(gpointer data)
{
	PliConfigListener *listener = data;

	g_free(listener->group.name);
	g_free(listener->address);
	pli_networks_free(listener->proxies);
	g_free(listener);
}

static void
certificate_free(gpointer data)
{
	PliConfigCertificate *certificate = data;

	g_free(certificate->group.name);
	g_free(certificate->certificate);
	g_free(certificate->key);
	g_free(certificate);
}

static const PliConfigNamed named_groups[] = {
	{"listener", "a listener", "in", TRUE,
	 G_STRUCT_OFFSET(PliConfig, listeners)},
	{"certificate", "a certificate", "own", FALSE,
	 G_STRUCT_OFFSET(PliConfig, certificates)},
};

const PliConfigNamed *
pli_config_find_named(const char *group)
{
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(named_groups); i++)
		if (g_str_equal(named_groups[i].group, group))
			return &named_groups[i];
	return NULL;
}

static char *
dup_id(const char *group, const char *name, const char *key)
{
	return g_strdup_printf("%s %s\n%s", group, name, key);
}

guint
pli_config_get_line(const PliConfig *config, const char *group,
                    const char *name, const char *key)
{
	g_autofree char *id = dup_id(group, name, key);

	return GPOINTER_TO_UINT(g_hash_table_lookup(config->lines, id));
}

void
pli_config_set_line(PliConfig *config, const char *group, const char *name,
                    const char *key, guint line)
{
	g_hash_table_insert(config->lines, dup_id(group, name, key),
	                    GUINT_TO_POINTER(line));
}

void
pli_config_set_defaults(gpointer target, const char *group)
{
	gsize n, i;
	const PliConfigKey *keys = pli_config_get_keys(&n);

	for (i = 0; i < n; i++) {
		gboolean mine = group == NULL
		                        ? pli_config_find_named(
		                                  keys[i].group) == NULL
		                        : g_str_equal(keys[i].group, group);

		if (mine && keys[i].fallback != NULL)
			g_assert(pli_config_set(target, &keys[i],
			                        keys[i].fallback, NULL));
	}
}

PliConfig *
pli_config_new(void)
{
	PliConfig *config = g_new0(PliConfig, 1);

	config->ref_count = 1;
	config->lines =
	        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	config->listeners = g_ptr_array_new_with_free_func(listener_free);
	config->certificates =
	        g_ptr_array_new_with_free_func(certificate_free);
	pli_config_set_defaults(config, NULL);
	return config;
}

PliConfig *
pli_config_ref(const PliConfig *config)
{
	PliConfig *shared = (PliConfig *)config;

	g_atomic_int_inc(&shared->ref_count);
	return shared;
}

void
pli_config_free(PliConfig *config)
{
	if (config == NULL || !g_atomic_int_dec_and_test(&config->ref_count))
		return;
	g_hash_table_unref(config->lines);
	g_free(config->hostname);
	g_free(config->root);
	g_free(config->user);
	g_free(config->password);
	g_free(config->users);
	g_free(config->aliases);
	g_free(config->domains);
	g_free(config->separator);
	g_free(config->mechanisms);
	g_free(config->pam_service);
	g_free(config->pam_directory);
	g_free(config->client_ca);
	pli_networks_free(config->xclient);
	pli_networks_free(config->xforward);
	g_free(config->resolver);
	g_free(config->trust_anchor);
	pli_networks_free(config->exempt);
	g_ptr_array_unref(config->block_lists);
	g_ptr_array_unref(config->allow_lists);
	g_free(config->metrics_address);
	g_ptr_array_unref(config->listeners);
	g_ptr_array_unref(config->certificates);
	g_free(config);
}

gboolean
pli_config_asks_dns(const PliConfig *config)
{
	return config->sender_checks || config->block_lists->len > 0 ||
	       config->allow_lists->len > 0;
}

PliConfigListener *
pli_config_add_listener(PliConfig *config, const char *name,
                        PliProtocol protocol, guint port)
{
	PliConfigListener *listener = g_new0(PliConfigListener, 1);

	pli_config_set_defaults(listener, "listener");
	listener->group.name = g_strdup(name);
	listener->protocol = protocol;
	listener->port = port;
	g_ptr_array_add(config->listeners, listener);
	return listener;
}

PliConfigCertificate *
pli_config_add_certificate(PliConfig *config, const char *name)
{
	PliConfigCertificate *certificate = g_new0(PliConfigCertificate, 1);

	pli_config_set_defaults(certificate, "certificate");
	certificate->group.name = g_strdup(name);
	g_ptr_array_add(config->certificates, certificate);
	return certificate;
}

const PliConfigListener *
pli_config_find_listener(const PliConfig *config, const char *name)
{
	guint i;

	for (i = 0; i < config->listeners->len; i++) {
		const PliConfigListener *l =
		        g_ptr_array_index(config->listeners, i);

		if (g_str_equal(l->group.name, name))
			return l;
	}
	return NULL;
}

guint
pli_config_listener_get_port(const PliConfigListener *listener)
{
	static const guint ports[][2] = {
	        [PLI_PROTOCOL_SMTP] = {25, 25},
	        [PLI_PROTOCOL_LMTP] = {24, 24},
	        [PLI_PROTOCOL_IMAP] = {143, 993},
	        [PLI_PROTOCOL_SUBMISSION] = {587, 465},
	};

	if (listener->port != 0)
		return (guint)listener->port;
	return ports[listener->protocol]
	            [listener->tls == PLI_LISTENER_IMPLICIT];
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

static char *
set_networks(const PliConfigKey *key, const char *text, PliNetworks **field)
{
	g_autofree char *why = NULL;
	PliNetworks *networks = pli_networks_parse(text, &why);

	if (networks == NULL)
		return g_strdup_printf("`%s`: %s", key->name, why);
	pli_networks_free(*field);
	*field = networks;
	return NULL;
}

static char *
set_dns_lists(const PliConfigKey *key, const char *text, GPtrArray **field)
{
	g_autofree char *why = NULL;
	GPtrArray *lists = pli_dns_lists_parse(text, &why);

	if (lists == NULL)
		return g_strdup_printf("`%s`: %s", key->name, why);
	if (*field != NULL)
		g_ptr_array_unref(*field);
	*field = lists;
	return NULL;
}

static char *
set_resolvers(const PliConfigKey *key, const char *text, char **field)
{
	g_autofree char *why = pli_dns_check_resolvers(text);

	if (why != NULL)
		return g_strdup_printf("`%s`: %s", key->name, why);
	g_free(*field);
	*field = g_strdup(text);
	return NULL;
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
	case PLI_CONFIG_NETWORKS:
		error = set_networks(key, text, field);
		break;
	case PLI_CONFIG_DNS_LISTS:
		error = set_dns_lists(key, text, field);
		break;
	case PLI_CONFIG_RESOLVERS:
		error = set_resolvers(key, text, field);
		break;
	case PLI_CONFIG_PATH:
		if ((*text != '\0' || key->fallback == NULL) &&
		    !g_path_is_absolute(text)) {
			error = g_strdup_printf("`%s` must be an absolute "
			                        "path, such as /var/lib/pli",
			                        key->name);
			break;
		}
		G_GNUC_FALLTHROUGH;
	case PLI_CONFIG_TEXT:
	case PLI_CONFIG_SECRET:
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
	static const char *const names[] = {"smtp", "lmtp", "imap",
	                                    "submission"};

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
