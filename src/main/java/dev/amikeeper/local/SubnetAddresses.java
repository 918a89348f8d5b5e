package dev.amikeeper.local;

import software.amazon.awssdk.services.ec2.model.Subnet;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** The addresses of one Region's subnets, and the public addresses that EC2 gives. */
final class SubnetAddresses {
    /** The size of a subnet, a /20. AWS reserves its first four addresses and its last. */
    static final int OF_SUBNET = 4096;

    private static final int FIRST_FREE = 4;
    private final Map<String, BitSet> taken = new HashMap<>();
    private final Map<String, Integer> ipv6 = new HashMap<>();
    private int publics;

    /** Refuses an address that is outside the subnet or taken. */
    void checkAddress(Subnet subnet, String address) {
        int index = indexIn(subnet, address);
        if (index < FIRST_FREE || index >= OF_SUBNET - 1) {
            throw Ec2Errors.invalidValue(
                    "Address " + address + " does not fall within the subnet's address range");
        }
        if (bits(subnet).get(index)) {
            throw Ec2Errors.wrong("InvalidIPAddress.InUse", "Address " + address + " is in use.");
        }
    }

    void checkRoom(Subnet subnet, int addresses) {
        if (free(subnet) < addresses) {
            throw Ec2Errors.wrong(
                    "InsufficientFreeAddressesInSubnet",
                    "There are not enough free addresses in subnet '" + subnet.subnetId() + "'");
        }
    }

    /** Takes the lowest free address of a subnet. */
    String take(Subnet subnet) {
        int index = bits(subnet).nextClearBit(FIRST_FREE);
        bits(subnet).set(index);
        return address(subnet, index);
    }

    /** Takes this address of a subnet. */
    void take(Subnet subnet, String address) {
        bits(subnet).set(indexIn(subnet, address));
    }

    /** Takes the next IPv6 address of a subnet that has an IPv6 block. */
    String takeIpv6(Subnet subnet) {
        int number = ipv6.merge(subnet.subnetId(), 1, Integer::sum);
        String block = subnet.ipv6CidrBlockAssociationSet().getFirst().ipv6CidrBlock();
        return block.substring(0, block.indexOf('/')) + "%x".formatted(number + 15);
    }

    /** Gives one of EC2's own public addresses. */
    String publicAddress() {
        publics++;
        return "54.%d.%d.%d".formatted(64 + publics / 65_536, publics / 256 % 256, publics % 256);
    }

    void release(Subnet subnet, String address) {
        bits(subnet).clear(indexIn(subnet, address));
    }

    int free(Subnet subnet) {
        return OF_SUBNET - FIRST_FREE - 1 - bits(subnet).cardinality();
    }

    private BitSet bits(Subnet subnet) {
        return taken.computeIfAbsent(subnet.subnetId(), _ -> new BitSet(OF_SUBNET));
    }

    private static String address(Subnet subnet, int index) {
        int start = toNumber(base(subnet)) + index;
        return "%d.%d.%d.%d"
                .formatted(start >>> 24, (start >>> 16) & 255, (start >>> 8) & 255, start & 255);
    }

    private static int indexIn(Subnet subnet, String address) {
        return toNumber(address) - toNumber(base(subnet));
    }

    private static String base(Subnet subnet) {
        return subnet.cidrBlock().substring(0, subnet.cidrBlock().indexOf('/'));
    }

    private static int toNumber(String address) {
        String[] parts = address.split("\\.", -1);
        if (parts.length != 4) {
            throw Ec2Errors.invalidValue("Invalid IPv4 address: " + address);
        }
        int number = 0;
        for (String part : parts) {
            if (!part.matches("\\d{1,3}") || Integer.parseInt(part) > 255) {
                throw Ec2Errors.invalidValue("Invalid IPv4 address: " + address);
            }
            number = (number << 8) | Integer.parseInt(part);
        }
        return number;
    }
}
