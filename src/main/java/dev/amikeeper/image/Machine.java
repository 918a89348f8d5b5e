package dev.amikeeper.image;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What EC2 must be told of a server so that an image of its snapshots boots, in EC2's words.
 *
 * @param rootDevice the root volume's device name; empty if unknown
 * @param architecture as {@code arm64}; empty if unknown
 * @param tpm the version of its NitroTPM
 * @param imds the version of the instance metadata that its image asks for
 * @param sriov whether its network is enhanced in the way that came before ENA
 * @param platform its operating system as billed; empty if unknown
 * @param productCodes those of AWS Marketplace and others
 * @param devices device names by the ids of volumes, as far as they are known
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

    /** As most servers are, if nothing is known. */
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

    /** Whether AWS bills its operating system or what runs on it, as Windows. */
    public boolean isLicensed() {
        return !platform.isEmpty() && !platform.equals(FREE);
    }

    /** The same, as a person says it is. NitroTPM needs UEFI. */
    public Machine as(
            Optional<String> itsRootDevice,
            Optional<String> itsArchitecture,
            Optional<String> itsBootMode) {
        Optional<String> boot = itsBootMode.or(() -> bootMode);
        return new Machine(
                itsRootDevice.orElse(rootDevice),
                itsArchitecture.orElse(architecture),
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
