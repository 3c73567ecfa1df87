/* CRC-32/ISCSI of the catalogue of parametrised CRC algorithms, known as CRC-32C: poly 0x1EDC6F41, reflected, check 0xE3069283.
 *
 * Purpose    tells a damaged frame from a whole one: up to 5 wrong bits in 655 bytes are always found.
 * Thread     pure function.
 * Ownership  none.
 * Limits     a table of 16 words: 64 bytes of flash, two look-ups for each byte.
 * Errors     none. Source: RFC 3720 section 12.1 and appendix B.4 (test vectors).
 */
#ifndef WEIR_WIRE_CRC32C_H
#define WEIR_WIRE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

uint32_t weir_crc32c(const uint8_t* bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
