/* Records of access keys: opaque bytes by id, under catalog/access/<id> in `meta`. Whoever writes
 * them has sealed them, so they carry a checksum of their own. */
#include "storage/catalog/catalog_inner.h"

#define KEY_ACCESS "catalog/access/"

enum { ACCESS_KEY_BYTES_MAX = sizeof(KEY_ACCESS) - 1 + ACCESS_ID_BYTES_MAX };

static struct slice access_key(uint8_t to[static ACCESS_KEY_BYTES_MAX], struct slice id)
{
    size_t prefix = strlen(KEY_ACCESS);
    ensure(id.size > 0 && id.size <= ACCESS_ID_BYTES_MAX);
    memcpy(to, KEY_ACCESS, prefix);
    memcpy(to + prefix, id.data, id.size);
    return slice_of(to, prefix + id.size);
}

bool catalog_access_put(struct catalog *catalog,
                        struct slice id,
                        struct slice record,
                        struct error *err)
{
    uint8_t key[ACCESS_KEY_BYTES_MAX];
    struct engine_batch *batch = engine_batch_open();
    engine_batch_put(catalog->engine, batch, FAMILY_META, access_key(key, id), record);
    return catalog_commit(catalog, batch, err);
}

bool catalog_access_remove(struct catalog *catalog, struct slice id, struct error *err)
{
    uint8_t key[ACCESS_KEY_BYTES_MAX];
    struct engine_batch *batch = engine_batch_open();
    engine_batch_delete(catalog->engine, batch, FAMILY_META, access_key(key, id));
    return catalog_commit(catalog, batch, err);
}

bool catalog_access_each(struct catalog *catalog,
                         catalog_access_visitor visitor,
                         void *context,
                         struct error *err)
{
    size_t prefix = strlen(KEY_ACCESS);
    uint8_t end[sizeof(KEY_ACCESS) - 1];
    memcpy(end, KEY_ACCESS, prefix);
    end[prefix - 1]++;
    struct engine_iterator *iterator =
        engine_iterator_open(catalog->engine, FAMILY_META, NULL, slice_text(KEY_ACCESS),
                             slice_of(end, prefix), READ_FULL);
    error_clear(err);
    bool ok = true;
    for (bool at = engine_iterator_first(iterator, err); at && ok;
         at = ok && engine_iterator_next(iterator, err)) {
        struct slice key = engine_iterator_key(iterator);
        struct slice id = slice_of(key.data + prefix, key.size - prefix);
        ok = visitor(context, id, engine_iterator_value(iterator), err);
    }
    engine_iterator_close(iterator);
    return ok && err->code == ERROR_NONE;
}
