package dev.amikeeper.local;

import org.jspecify.annotations.Nullable;

import software.amazon.awssdk.services.ec2.model.Address;
import software.amazon.awssdk.services.ec2.model.AllocateAddressResponse;
import software.amazon.awssdk.services.ec2.model.AssociateAddressRequest;
import software.amazon.awssdk.services.ec2.model.AssociateAddressResponse;
import software.amazon.awssdk.services.ec2.model.DescribeAddressesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeAddressesResponse;
import software.amazon.awssdk.services.ec2.model.DisassociateAddressRequest;
import software.amazon.awssdk.services.ec2.model.DisassociateAddressResponse;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterface;
import software.amazon.awssdk.services.ec2.model.InstanceNetworkInterfaceAssociation;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The Elastic IP addresses of one Region. An instance that is terminated gives its address back.
 *
 * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html">
 *     AssociateAddress</a>
 */
final class SimulatedAddresses {
    private static final Listing<Address> LISTING =
            new Listing<>(
                    Address::allocationId,
                    Address::tags,
                    Map.of(
                            "allocation-id", it -> Stream.of(it.allocationId()),
                            "public-ip", it -> Stream.of(it.publicIp()),
                            "association-id", it -> Stream.ofNullable(it.associationId()),
                            "instance-id", it -> Stream.ofNullable(it.instanceId()),
                            "network-interface-id",
                                    it -> Stream.ofNullable(it.networkInterfaceId())));

    private final CloudCore core;
    private final SimulatedInstances instances;
    private final Ids ids;
    private final SortedMap<String, Address> addresses = new TreeMap<>();

    SimulatedAddresses(String region, CloudCore core, SimulatedInstances instances) {
        this.core = core;
        this.instances = instances;
        // Drawn from a generator of their own, so that addresses change no other id of the
        // history.
        ids = new Ids(~region.hashCode());
    }

    /** An instance's interface that has an address. */
    private record Place(String instance, InstanceNetworkInterface at) {}

    AllocateAddressResponse allocate() {
        String id = ids.next("eipalloc");
        // By default an account has five in a Region.
        String ip = "203.0.113." + (addresses.size() + 1);
        addresses.put(id, Address.builder().allocationId(id).publicIp(ip).domain("vpc").build());
        return AllocateAddressResponse.builder()
                .allocationId(id)
                .publicIp(ip)
                .domain("vpc")
                .build();
    }

    /** Takes the address from its holder, unless the request forbids that. */
    AssociateAddressResponse associate(AssociateAddressRequest request) {
        Address address = require(request.allocationId());
        Place place = place(request.instanceId(), request.networkInterfaceId());
        Optional<Place> before = holder(address.allocationId());
        if (before.isPresent()) {
            boolean same =
                    before.get().at().networkInterfaceId().equals(place.at().networkInterfaceId());
            if (same) {
                return answer(address.allocationId());
            }
            if (Boolean.FALSE.equals(request.allowReassociation())) {
                throw Ec2Errors.wrong(
                        "Resource.AlreadyAssociated",
                        "resource "
                                + address.allocationId()
                                + " is already associated with associate-id "
                                + association(address.allocationId()));
            }
            set(before.get(), null);
        }
        set(place, address);
        return answer(address.allocationId());
    }

    DisassociateAddressResponse disassociate(DisassociateAddressRequest request) {
        Address address =
                addresses.values().stream()
                        .filter(it ->
                                association(it.allocationId()).equals(request.associationId()))
                        .findFirst()
                        .orElseThrow(() ->
                                Ec2Errors.wrong(
                                        "InvalidAssociationID.NotFound",
                                        "The association ID '"
                                                + request.associationId()
                                                + "' does not exist"));
        holder(address.allocationId()).ifPresent(place -> set(place, null));
        return DisassociateAddressResponse.builder().build();
    }

    DescribeAddressesResponse describe(DescribeAddressesRequest request) {
        request.allocationIds().forEach(this::require);
        Stream<Address> wanted =
                addresses.values().stream()
                        .map(this::shown)
                        .filter(it -> Listing.isAmong(request.allocationIds(), it.allocationId()))
                        .filter(it -> Listing.isAmong(request.publicIps(), it.publicIp()));
        return DescribeAddressesResponse.builder()
                .addresses(LISTING.filter(wanted, request.filters()).toList())
                .build();
    }

    private Address shown(Address address) {
        return holder(address.allocationId())
                .map(place ->
                        address.toBuilder()
                                .associationId(association(address.allocationId()))
                                .instanceId(place.instance())
                                .networkInterfaceId(place.at().networkInterfaceId())
                                .networkInterfaceOwnerId(core.account())
                                .privateIpAddress(place.at().privateIpAddress())
                                .build())
                .orElse(address);
    }

    private AssociateAddressResponse answer(String allocation) {
        return AssociateAddressResponse.builder().associationId(association(allocation)).build();
    }

    private static String association(String allocation) {
        return allocation.replace("eipalloc-", "eipassoc-");
    }

    private Address require(@Nullable String allocation) {
        Address address = allocation == null ? null : addresses.get(allocation);
        if (address == null) {
            throw Ec2Errors.wrong(
                    "InvalidAllocationID.NotFound",
                    "The allocation ID '" + allocation + "' does not exist");
        }
        return address;
    }

    /** The interfaces decide, because they disappear with their instances. */
    private Optional<Place> holder(String allocation) {
        String ip = require(allocation).publicIp();
        return places().filter(place ->
                        place.at().association() != null
                                && place.at().association().publicIp().equals(ip))
                .findFirst();
    }

    private Stream<Place> places() {
        return instances.all().stream()
                .flatMap(it ->
                        it.instance().networkInterfaces().stream()
                                .map(one -> new Place(it.id(), one)));
    }

    private Place place(@Nullable String instance, @Nullable String networkInterface) {
        if (instance != null) {
            List<InstanceNetworkInterface> its =
                    instances.require(instance).instance().networkInterfaces();
            if (its.size() > 1) {
                throw Ec2Errors.wrong(
                        "InvalidInstanceID",
                        "There are multiple interfaces attached to instance '"
                                + instance
                                + "'. Please specify an interface ID for the operation instead.");
            }
        }
        return places().filter(place ->
                        instance == null
                                ? place.at().networkInterfaceId().equals(networkInterface)
                                : place.instance().equals(instance))
                .findFirst()
                .orElseThrow(() ->
                        Ec2Errors.wrong(
                                "InvalidNetworkInterfaceID.NotFound",
                                "The networkInterface ID '"
                                        + networkInterface
                                        + "' does not exist"));
    }

    /** An Elastic IP address replaces the public address that EC2 gave. */
    private void set(Place place, @Nullable Address address) {
        InstanceNetworkInterfaceAssociation association =
                address == null
                        ? null
                        : InstanceNetworkInterfaceAssociation.builder()
                                .ipOwnerId(core.account())
                                .publicIp(address.publicIp())
                                .build();
        instances.addresses(
                place.instance(),
                one ->
                        one.networkInterfaceId().equals(place.at().networkInterfaceId())
                                ? one.toBuilder().association(association).build()
                                : one);
    }
}
