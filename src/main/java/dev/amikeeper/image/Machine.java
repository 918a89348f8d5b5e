package dev.amikeeper.image;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What EC2 must know about a server so that an image of its snapshots boots, in EC2's words.
 *
 * @param rootDevice the root volume's device name; empty if unknown
 * @param architecture as {@code arm64}; empty if unknown
 * @param tpm the version of its NitroTPM
 * @param imds the version of the instance metadata service that its image requires
 * @param sriov its enhanced networking with the Intel 82599 Virtual Function interface, the
 *     predecessor of ENA
 * @param platform its operating system as billed; empty if unknown
 * @param productCodes product codes of the AWS Marketplace and others
 * @param devices device names by volume id, as far as they are known
 */
public record Machine(
        String rootDevice,
        String architecture,
        Optional<String> bootMode,
        Optional<String> tpm,
        Optional<String> imds,
        Optional<String> sriov,
        boolean ena,
        String virtualization,
        String platform,
        List<String> productCodes,
        Map<String, String> devices) {
    private static final String FREE = "Linux/UNIX";

    /** The properties of most servers, used when nothing is known. */
    public static final Machine UNKNOWN =
            new Machine(
                    "",
                    "",
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    true,
                    "hvm",
                    "",
                    List.of(),
                    Map.of());

    public Machine {
        productCodes = List.copyOf(productCodes);
        devices = Map.copyOf(devices);
    }

    /** Whether AWS bills for its operating system or software, as for Windows. */
    public boolean isLicensed() {
        return !platform.isEmpty() && !platform.equals(FREE);
    }

    /** Returns this machine with the values that a person gives. NitroTPM requires UEFI. */
    public Machine as(
            Optional<String> newRootDevice,
            Optional<String> newArchitecture,
            Optional<String> newBootMode) {
        Optional<String> boot = newBootMode.or(() -> bootMode);
        return new Machine(
                newRootDevice.orElse(rootDevice),
                newArchitecture.orElse(architecture),
                boot,
                tpm.filter(_ -> boot.filter(mode -> mode.startsWith("uefi")).isPresent()),
                imds,
                sriov,
                ena,
                virtualization,
                platform,
                productCodes,
                devices);
    }
}
