/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/tls-material.h"

#include <openssl/rand.h>
#include <string.h>

static void
pem_clear(PliTlsPem *pem)
{
	gsize len;
	gpointer octets;

	g_clear_pointer(&pem->path, g_free);
	if (pem->octets == NULL)
		return;
	octets = g_bytes_unref_to_data(g_steal_pointer(&pem->octets), &len);
	explicit_bzero(octets, len);
	g_free(octets);
}

static void
pair_clear(gpointer data)
{
	PliTlsPair *pair = data;

	pem_clear(&pair->certificate);
	pem_clear(&pair->key);
}

static gboolean
pem_load(PliTlsPem *pem, const char *path, GError **error)
{
	g_autoptr(GError) fault = NULL;
	char *octets;
	gsize len;

	if (!g_file_get_contents(path, &octets, &len, &fault)) {
		g_set_error(error, PLI_TLS_ERROR, PLI_TLS_ERROR_FILE,
			    "%s cannot be read: %s", path, fault->message);
		return FALSE;
	}
	pem->path = g_strdup(path);
	pem->octets = g_bytes_new_take(octets, len);
	return TRUE;
}

static PliTlsMaterial *
make_empty(void)
{
	PliTlsMaterial *material = g_new0(PliTlsMaterial, 1);

	material->pairs = g_array_new(FALSE, TRUE, sizeof(PliTlsPair));
	g_array_set_clear_func(material->pairs, pair_clear);
	return material;
}

PliTlsMaterial *
pli_tls_material_new(void)
{
	PliTlsMaterial *material = make_empty();

	g_assert(RAND_bytes(material->tickets, sizeof(material->tickets)) == 1);
	return material;
}

void
pli_tls_material_free(PliTlsMaterial *material)
{
	if (material == NULL)
		return;
	g_array_unref(material->pairs);
	pem_clear(&material->client_ca);
	explicit_bzero(material->tickets, sizeof(material->tickets));
	g_free(material);
}

gboolean
pli_tls_material_add(PliTlsMaterial *material, const PliTlsFiles *files,
		     GError **error)
{
	PliTlsPair pair = {0};

	if (!pem_load(&pair.certificate, files->certificate, error) ||
	    !pem_load(&pair.key, files->key, error)) {
		pair_clear(&pair);
		return FALSE;
	}
	g_array_append_val(material->pairs, pair);
	return TRUE;
}

gboolean
pli_tls_material_set_client_ca(PliTlsMaterial *material, const char *path,
			       GError **error)
{
	pem_clear(&material->client_ca);
	return pem_load(&material->client_ca, path, error);
}

static GVariant *
format_octets(gconstpointer octets, gsize len)
{
	return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, octets, len, 1);
}

static GVariant *
format_pem(const PliTlsPem *pem)
{
	gsize len = 0;
	gconstpointer octets =
		pem->octets != NULL ? g_bytes_get_data(pem->octets, &len)
				    : NULL;

	return format_octets(octets, len);
}

static void
parse_pem(PliTlsPem *pem, const char *path, GVariant *octets)
{
	gsize len;
	gconstpointer data = g_variant_get_fixed_array(octets, &len, 1);

	if (*path == '\0')
		return;
	pem->path = g_strdup(path);
	pem->octets = g_bytes_new(data, len);
}

GVariant *
pli_tls_material_format(const PliTlsMaterial *material)
{
	GVariantBuilder pairs;
	const char *ca = material->client_ca.path;

	g_variant_builder_init(&pairs, G_VARIANT_TYPE("a(saysay)"));
	for (guint i = 0; i < material->pairs->len; i++) {
		const PliTlsPair *pair =
			&g_array_index(material->pairs, PliTlsPair, i);

		g_variant_builder_add(&pairs, "(s@ays@ay)",
				      pair->certificate.path,
				      format_pem(&pair->certificate),
				      pair->key.path, format_pem(&pair->key));
	}
	return g_variant_new("(a(saysay)s@ay@ay)", &pairs,
			     ca != NULL ? ca : "",
			     format_pem(&material->client_ca),
			     format_octets(material->tickets,
					   sizeof(material->tickets)));
}

static void
parse_pairs(PliTlsMaterial *material, GVariant *pairs)
{
	for (gsize i = 0; i < g_variant_n_children(pairs); i++) {
		g_autoptr(GVariant) certificate = NULL;
		g_autoptr(GVariant) key = NULL;
		const char *certificate_path, *key_path;
		g_autoptr(GVariant) child = g_variant_get_child_value(pairs, i);
		PliTlsPair pair = {0};

		g_variant_get(child, "(&s@ay&s@ay)", &certificate_path,
			      &certificate, &key_path, &key);
		parse_pem(&pair.certificate, certificate_path, certificate);
		parse_pem(&pair.key, key_path, key);
		g_array_append_val(material->pairs, pair);
	}
}

PliTlsMaterial *
pli_tls_material_parse(GVariant *variant)
{
	g_autoptr(PliTlsMaterial) material = make_empty();
	g_autoptr(GVariant) pairs = NULL;
	g_autoptr(GVariant) ca = NULL;
	g_autoptr(GVariant) tickets = NULL;
	const char *ca_path;
	gconstpointer octets;
	gsize len;

	g_variant_get(variant, "(@a(saysay)&s@ay@ay)", &pairs, &ca_path, &ca,
		      &tickets);
	octets = g_variant_get_fixed_array(tickets, &len, 1);
	if (len != sizeof(material->tickets))
		return NULL;
	memcpy(material->tickets, octets, len);
	parse_pairs(material, pairs);
	parse_pem(&material->client_ca, ca_path, ca);
	return g_steal_pointer(&material);
}
