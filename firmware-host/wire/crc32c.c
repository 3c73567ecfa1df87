#include "wire/crc32c.h"

/* The remainders of the 16 nibbles, reflected polynomial 0x82F63B78. */
static const uint32_t remainders[16] = {
    0x00000000U, 0x105EC76FU, 0x20BD8EDEU, 0x30E349B1U, 0x417B1DBCU, 0x5125DAD3U, 0x61C69362U, 0x7198540DU,
    0x82F63B78U, 0x92A8FC17U, 0xA24BB5A6U, 0xB21572C9U, 0xC38D26C4U, 0xD3D3E1ABU, 0xE330A81AU, 0xF36E6F75U,
};

uint32_t weir_crc32c(const uint8_t* bytes, size_t size) {
  uint32_t crc = 0xFFFFFFFFU;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    crc = (crc >> 4U) ^ remainders[crc & 0xFU];
    crc = (crc >> 4U) ^ remainders[crc & 0xFU];
  }
  return ~crc;
}
