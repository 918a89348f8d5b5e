package dev.amikeeper.local;

import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.AllocateAddressRequest;
import software.amazon.awssdk.services.ec2.model.AllocateAddressResponse;
import software.amazon.awssdk.services.ec2.model.AssociateAddressRequest;
import software.amazon.awssdk.services.ec2.model.AssociateAddressResponse;
import software.amazon.awssdk.services.ec2.model.CancelSpotFleetRequestsRequest;
import software.amazon.awssdk.services.ec2.model.CancelSpotFleetRequestsResponse;
import software.amazon.awssdk.services.ec2.model.CancelSpotInstanceRequestsRequest;
import software.amazon.awssdk.services.ec2.model.CancelSpotInstanceRequestsResponse;
import software.amazon.awssdk.services.ec2.model.CopyImageRequest;
import software.amazon.awssdk.services.ec2.model.CopyImageResponse;
import software.amazon.awssdk.services.ec2.model.CreateFleetRequest;
import software.amazon.awssdk.services.ec2.model.CreateFleetResponse;
import software.amazon.awssdk.services.ec2.model.CreateImageRequest;
import software.amazon.awssdk.services.ec2.model.CreateImageResponse;
import software.amazon.awssdk.services.ec2.model.CreateImageUsageReportRequest;
import software.amazon.awssdk.services.ec2.model.CreateImageUsageReportResponse;
import software.amazon.awssdk.services.ec2.model.CreateLaunchTemplateRequest;
import software.amazon.awssdk.services.ec2.model.CreateLaunchTemplateResponse;
import software.amazon.awssdk.services.ec2.model.CreateLaunchTemplateVersionRequest;
import software.amazon.awssdk.services.ec2.model.CreateLaunchTemplateVersionResponse;
import software.amazon.awssdk.services.ec2.model.CreateReplaceRootVolumeTaskRequest;
import software.amazon.awssdk.services.ec2.model.CreateReplaceRootVolumeTaskResponse;
import software.amazon.awssdk.services.ec2.model.CreateRestoreImageTaskRequest;
import software.amazon.awssdk.services.ec2.model.CreateRestoreImageTaskResponse;
import software.amazon.awssdk.services.ec2.model.CreateSnapshotRequest;
import software.amazon.awssdk.services.ec2.model.CreateSnapshotResponse;
import software.amazon.awssdk.services.ec2.model.CreateStoreImageTaskRequest;
import software.amazon.awssdk.services.ec2.model.CreateStoreImageTaskResponse;
import software.amazon.awssdk.services.ec2.model.CreateTagsRequest;
import software.amazon.awssdk.services.ec2.model.CreateTagsResponse;
import software.amazon.awssdk.services.ec2.model.DeleteFleetsRequest;
import software.amazon.awssdk.services.ec2.model.DeleteFleetsResponse;
import software.amazon.awssdk.services.ec2.model.DeleteImageUsageReportRequest;
import software.amazon.awssdk.services.ec2.model.DeleteImageUsageReportResponse;
import software.amazon.awssdk.services.ec2.model.DeleteLaunchTemplateRequest;
import software.amazon.awssdk.services.ec2.model.DeleteLaunchTemplateResponse;
import software.amazon.awssdk.services.ec2.model.DeleteSnapshotRequest;
import software.amazon.awssdk.services.ec2.model.DeleteSnapshotResponse;
import software.amazon.awssdk.services.ec2.model.DeleteTagsRequest;
import software.amazon.awssdk.services.ec2.model.DeleteTagsResponse;
import software.amazon.awssdk.services.ec2.model.DeregisterImageRequest;
import software.amazon.awssdk.services.ec2.model.DeregisterImageResponse;
import software.amazon.awssdk.services.ec2.model.DescribeAddressesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeAddressesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeFleetsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeFleetsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImageAttributeRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageAttributeResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImageReferencesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageReferencesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImageUsageReportEntriesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageUsageReportEntriesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImageUsageReportsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImageUsageReportsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeImagesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeImagesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceAttributeRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceAttributeResponse;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceStatusRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceStatusResponse;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceTypeOfferingsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstanceTypeOfferingsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeInstancesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeKeyPairsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeKeyPairsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplateVersionsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplateVersionsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplatesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeLaunchTemplatesResponse;
import software.amazon.awssdk.services.ec2.model.DescribeLockedSnapshotsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeLockedSnapshotsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeRegionsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeRegionsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeReplaceRootVolumeTasksRequest;
import software.amazon.awssdk.services.ec2.model.DescribeReplaceRootVolumeTasksResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSecurityGroupsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSecurityGroupsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotAttributeRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotAttributeResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSnapshotsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSpotFleetRequestsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSpotFleetRequestsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSpotInstanceRequestsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSpotInstanceRequestsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeStoreImageTasksRequest;
import software.amazon.awssdk.services.ec2.model.DescribeStoreImageTasksResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSubnetsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSubnetsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeTagsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeTagsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeVolumesRequest;
import software.amazon.awssdk.services.ec2.model.DescribeVolumesResponse;
import software.amazon.awssdk.services.ec2.model.DisableImageDeprecationRequest;
import software.amazon.awssdk.services.ec2.model.DisableImageDeprecationResponse;
import software.amazon.awssdk.services.ec2.model.DisableImageDeregistrationProtectionRequest;
import software.amazon.awssdk.services.ec2.model.DisableImageDeregistrationProtectionResponse;
import software.amazon.awssdk.services.ec2.model.DisableImageRequest;
import software.amazon.awssdk.services.ec2.model.DisableImageResponse;
import software.amazon.awssdk.services.ec2.model.DisassociateAddressRequest;
import software.amazon.awssdk.services.ec2.model.DisassociateAddressResponse;
import software.amazon.awssdk.services.ec2.model.Ec2Request;
import software.amazon.awssdk.services.ec2.model.EnableImageDeprecationRequest;
import software.amazon.awssdk.services.ec2.model.EnableImageDeprecationResponse;
import software.amazon.awssdk.services.ec2.model.EnableImageDeregistrationProtectionRequest;
import software.amazon.awssdk.services.ec2.model.EnableImageDeregistrationProtectionResponse;
import software.amazon.awssdk.services.ec2.model.EnableImageRequest;
import software.amazon.awssdk.services.ec2.model.EnableImageResponse;
import software.amazon.awssdk.services.ec2.model.ListImagesInRecycleBinRequest;
import software.amazon.awssdk.services.ec2.model.ListImagesInRecycleBinResponse;
import software.amazon.awssdk.services.ec2.model.ListSnapshotsInRecycleBinRequest;
import software.amazon.awssdk.services.ec2.model.ListSnapshotsInRecycleBinResponse;
import software.amazon.awssdk.services.ec2.model.LockSnapshotRequest;
import software.amazon.awssdk.services.ec2.model.LockSnapshotResponse;
import software.amazon.awssdk.services.ec2.model.ModifyImageAttributeRequest;
import software.amazon.awssdk.services.ec2.model.ModifyImageAttributeResponse;
import software.amazon.awssdk.services.ec2.model.ModifyLaunchTemplateRequest;
import software.amazon.awssdk.services.ec2.model.ModifyLaunchTemplateResponse;
import software.amazon.awssdk.services.ec2.model.ModifySnapshotAttributeRequest;
import software.amazon.awssdk.services.ec2.model.ModifySnapshotAttributeResponse;
import software.amazon.awssdk.services.ec2.model.Region;
import software.amazon.awssdk.services.ec2.model.RegisterImageRequest;
import software.amazon.awssdk.services.ec2.model.RegisterImageResponse;
import software.amazon.awssdk.services.ec2.model.RequestSpotFleetRequest;
import software.amazon.awssdk.services.ec2.model.RequestSpotFleetResponse;
import software.amazon.awssdk.services.ec2.model.RequestSpotInstancesRequest;
import software.amazon.awssdk.services.ec2.model.RequestSpotInstancesResponse;
import software.amazon.awssdk.services.ec2.model.RestoreImageFromRecycleBinRequest;
import software.amazon.awssdk.services.ec2.model.RestoreImageFromRecycleBinResponse;
import software.amazon.awssdk.services.ec2.model.RestoreSnapshotFromRecycleBinRequest;
import software.amazon.awssdk.services.ec2.model.RestoreSnapshotFromRecycleBinResponse;
import software.amazon.awssdk.services.ec2.model.RunInstancesRequest;
import software.amazon.awssdk.services.ec2.model.RunInstancesResponse;
import software.amazon.awssdk.services.ec2.model.StartInstancesRequest;
import software.amazon.awssdk.services.ec2.model.StartInstancesResponse;
import software.amazon.awssdk.services.ec2.model.StopInstancesRequest;
import software.amazon.awssdk.services.ec2.model.StopInstancesResponse;
import software.amazon.awssdk.services.ec2.model.TerminateInstancesRequest;
import software.amazon.awssdk.services.ec2.model.TerminateInstancesResponse;
import software.amazon.awssdk.services.ec2.model.UnlockSnapshotRequest;
import software.amazon.awssdk.services.ec2.model.UnlockSnapshotResponse;

import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * EC2 in one Region, as far as the life of images goes. A call that it does not know throws {@link
 * UnsupportedOperationException}. Each call is one attempt: nothing is retried here.
 *
 * <p>The class is long because {@link Ec2Client} has one method for each call; what a call does is
 * in the class that it is passed on to.
 */
public final class SimulatedEc2 implements Ec2Client {
    /** The Regions that every account has. */
    static final List<String> REGIONS =
            List.of(
                    "ap-northeast-1",
                    "ap-northeast-2",
                    "ap-northeast-3",
                    "ap-south-1",
                    "ap-southeast-1",
                    "ap-southeast-2",
                    "ca-central-1",
                    "eu-central-1",
                    "eu-north-1",
                    "eu-west-1",
                    "eu-west-2",
                    "eu-west-3",
                    "sa-east-1",
                    "us-east-1",
                    "us-east-2",
                    "us-west-1",
                    "us-west-2");

    private static final Calls.Errors ERRORS = new Ec2Errors();

    private final String region;
    private final Calls calls;
    private final CloudSettings settings;
    private final Function<String, SimulatedEc2> regions;
    private final SimulatedNetworks networks;
    private final SimulatedAddresses addresses;
    private final SimulatedVolumes volumes;
    private final SimulatedInstances instances;
    private final SimulatedInstanceReads instanceReads;
    private final SimulatedLaunches launches;
    private final SimulatedRootReplacements rootReplacements;
    private final SimulatedStores stores;
    private final SimulatedSnapshots snapshots;
    private final SimulatedSnapshotLocks locks;
    private final SimulatedImages images;
    private final SimulatedImageMaking making;
    private final SimulatedImageCopies copies;
    private final SimulatedImageChanges changes;
    private final SimulatedLineages lineages;
    private final SimulatedTemplates templates;
    private final SimulatedTags tags;
    private final SimulatedReferences references;
    private final SimulatedFleets fleets;
    private final SimulatedUsageReports usageReports;

    SimulatedEc2(
            String region,
            CloudCore core,
            Calls calls,
            Function<String, SimulatedEc2> regions,
            Supplier<SimulatedSsm> ssm) {
        this.region = region;
        this.calls = calls;
        this.settings = core.settings();
        this.regions = regions;
        networks = new SimulatedNetworks(region, core, calls);
        SimulatedInterfaces interfaces = new SimulatedInterfaces(core, networks);
        volumes = new SimulatedVolumes(core);
        instances = new SimulatedInstances(region, core, interfaces, volumes);
        instanceReads = new SimulatedInstanceReads(core, instances);
        addresses = new SimulatedAddresses(region, core, instances);
        snapshots = new SimulatedSnapshots(region, core);
        locks = new SimulatedSnapshotLocks(core, snapshots);
        lineages = new SimulatedLineages(core, instances, snapshots, volumes);
        images = new SimulatedImages(region, core, snapshots, lineages);
        making = new SimulatedImageMaking(core, instances, volumes, lineages, images);
        copies = new SimulatedImageCopies(core, images, making);
        changes = new SimulatedImageChanges(core, images);
        rootReplacements = new SimulatedRootReplacements(core, instances, images, volumes);
        stores = new SimulatedStores(region, core, images, making);
        launches =
                new SimulatedLaunches(
                        region, core, instances, images, networks, interfaces, volumes);
        templates = new SimulatedTemplates(core);
        tags = new SimulatedTags(region, core, instances, images, snapshots, volumes, interfaces);
        references = new SimulatedReferences(region, core, instances, templates, ssm);
        fleets = new SimulatedFleets(core);
        usageReports = new SimulatedUsageReports(core, images);
    }

    // Instances and volumes

    @Override
    public DescribeInstancesResponse describeInstances(DescribeInstancesRequest request) {
        return call(request, instanceReads::describe);
    }

    @Override
    public DescribeInstanceStatusResponse describeInstanceStatus(
            DescribeInstanceStatusRequest request) {
        return call(request, instanceReads::describeStatus);
    }

    @Override
    public DescribeInstanceAttributeResponse describeInstanceAttribute(
            DescribeInstanceAttributeRequest request) {
        return call(request, instanceReads::describeAttribute);
    }

    @Override
    public CreateReplaceRootVolumeTaskResponse createReplaceRootVolumeTask(
            CreateReplaceRootVolumeTaskRequest request) {
        return call(request, rootReplacements::create);
    }

    @Override
    public DescribeReplaceRootVolumeTasksResponse describeReplaceRootVolumeTasks(
            DescribeReplaceRootVolumeTasksRequest request) {
        return call(request, rootReplacements::describe);
    }

    @Override
    public DescribeVolumesResponse describeVolumes(DescribeVolumesRequest request) {
        return call(request, volumes::describe);
    }

    @Override
    public RunInstancesResponse runInstances(RunInstancesRequest request) {
        return call(request, launches::run);
    }

    @Override
    public StopInstancesResponse stopInstances(StopInstancesRequest request) {
        return call(request, instances::stop);
    }

    @Override
    public StartInstancesResponse startInstances(StartInstancesRequest request) {
        return call(request, instances::start);
    }

    @Override
    public TerminateInstancesResponse terminateInstances(TerminateInstancesRequest request) {
        return call(request, instances::terminate);
    }

    // Images

    @Override
    public CreateStoreImageTaskResponse createStoreImageTask(CreateStoreImageTaskRequest request) {
        return call(request, stores::store);
    }

    @Override
    public DescribeStoreImageTasksResponse describeStoreImageTasks(
            DescribeStoreImageTasksRequest request) {
        return call(request, stores::describe);
    }

    @Override
    public CreateRestoreImageTaskResponse createRestoreImageTask(
            CreateRestoreImageTaskRequest request) {
        return call(request, stores::restore);
    }

    @Override
    public DescribeImagesResponse describeImages(DescribeImagesRequest request) {
        return call(request, images::describe);
    }

    @Override
    public DescribeImageAttributeResponse describeImageAttribute(
            DescribeImageAttributeRequest request) {
        return call(request, changes::describeAttribute);
    }

    @Override
    public DescribeImageReferencesResponse describeImageReferences(
            DescribeImageReferencesRequest request) {
        return call(request, references::describe);
    }

    @Override
    public CreateImageResponse createImage(CreateImageRequest request) {
        return call(request, making::create);
    }

    @Override
    public RegisterImageResponse registerImage(RegisterImageRequest request) {
        return call(request, making::register);
    }

    @Override
    public DeregisterImageResponse deregisterImage(DeregisterImageRequest request) {
        return call(request, images::deregister);
    }

    @Override
    public ModifyImageAttributeResponse modifyImageAttribute(ModifyImageAttributeRequest request) {
        return call(request, changes::modify);
    }

    @Override
    public ListImagesInRecycleBinResponse listImagesInRecycleBin(
            ListImagesInRecycleBinRequest request) {
        return call(request, images::listBin);
    }

    @Override
    public RestoreImageFromRecycleBinResponse restoreImageFromRecycleBin(
            RestoreImageFromRecycleBinRequest request) {
        return call(request, images::restore);
    }

    @Override
    public CopyImageResponse copyImage(CopyImageRequest request) {
        return call(request, it -> copies.copy(it, regions.apply(it.sourceRegion()).images));
    }

    @Override
    public EnableImageResponse enableImage(EnableImageRequest request) {
        return call(request, changes::enable);
    }

    @Override
    public DisableImageResponse disableImage(DisableImageRequest request) {
        return call(request, changes::disable);
    }

    @Override
    public EnableImageDeprecationResponse enableImageDeprecation(
            EnableImageDeprecationRequest request) {
        return call(request, changes::deprecate);
    }

    @Override
    public DisableImageDeprecationResponse disableImageDeprecation(
            DisableImageDeprecationRequest request) {
        return call(request, changes::undeprecate);
    }

    @Override
    public EnableImageDeregistrationProtectionResponse enableImageDeregistrationProtection(
            EnableImageDeregistrationProtectionRequest request) {
        return call(request, changes::protect);
    }

    @Override
    public DisableImageDeregistrationProtectionResponse disableImageDeregistrationProtection(
            DisableImageDeregistrationProtectionRequest request) {
        return call(request, changes::unprotect);
    }

    @Override
    public CreateImageUsageReportResponse createImageUsageReport(
            CreateImageUsageReportRequest request) {
        return call(request, usageReports::create);
    }

    @Override
    public DeleteImageUsageReportResponse deleteImageUsageReport(
            DeleteImageUsageReportRequest request) {
        return call(request, usageReports::delete);
    }

    @Override
    public DescribeImageUsageReportsResponse describeImageUsageReports(
            DescribeImageUsageReportsRequest request) {
        return call(request, usageReports::describe);
    }

    @Override
    public DescribeImageUsageReportEntriesResponse describeImageUsageReportEntries(
            DescribeImageUsageReportEntriesRequest request) {
        return call(request, usageReports::describe);
    }

    // Snapshots

    @Override
    public DescribeSnapshotsResponse describeSnapshots(DescribeSnapshotsRequest request) {
        return call(request, snapshots::describe);
    }

    @Override
    public CreateSnapshotResponse createSnapshot(CreateSnapshotRequest request) {
        return call(request, lineages::snapshot);
    }

    @Override
    public DescribeSnapshotAttributeResponse describeSnapshotAttribute(
            DescribeSnapshotAttributeRequest request) {
        return call(request, lineages::describeSnapshotAttribute);
    }

    @Override
    public DeleteSnapshotResponse deleteSnapshot(DeleteSnapshotRequest request) {
        return call(request, snapshots::delete);
    }

    @Override
    public ModifySnapshotAttributeResponse modifySnapshotAttribute(
            ModifySnapshotAttributeRequest request) {
        return call(request, snapshots::share);
    }

    @Override
    public ListSnapshotsInRecycleBinResponse listSnapshotsInRecycleBin(
            ListSnapshotsInRecycleBinRequest request) {
        return call(request, snapshots::listBin);
    }

    @Override
    public RestoreSnapshotFromRecycleBinResponse restoreSnapshotFromRecycleBin(
            RestoreSnapshotFromRecycleBinRequest request) {
        return call(request, snapshots::restore);
    }

    @Override
    public LockSnapshotResponse lockSnapshot(LockSnapshotRequest request) {
        return call(request, locks::lock);
    }

    @Override
    public DescribeLockedSnapshotsResponse describeLockedSnapshots(
            DescribeLockedSnapshotsRequest request) {
        return call(request, locks::locks);
    }

    @Override
    public UnlockSnapshotResponse unlockSnapshot(UnlockSnapshotRequest request) {
        return call(request, locks::unlock);
    }

    // Networks

    @Override
    public DescribeInstanceTypeOfferingsResponse describeInstanceTypeOfferings(
            DescribeInstanceTypeOfferingsRequest request) {
        return call(request, networks::describe);
    }

    @Override
    public DescribeAddressesResponse describeAddresses(DescribeAddressesRequest request) {
        return call(request, addresses::describe);
    }

    @Override
    public AllocateAddressResponse allocateAddress(AllocateAddressRequest request) {
        return call(request, _ -> addresses.allocate());
    }

    @Override
    public AssociateAddressResponse associateAddress(AssociateAddressRequest request) {
        return call(request, addresses::associate);
    }

    @Override
    public DisassociateAddressResponse disassociateAddress(DisassociateAddressRequest request) {
        return call(request, addresses::disassociate);
    }

    @Override
    public DescribeSubnetsResponse describeSubnets(DescribeSubnetsRequest request) {
        return call(request, networks::describe);
    }

    @Override
    public DescribeSecurityGroupsResponse describeSecurityGroups(
            DescribeSecurityGroupsRequest request) {
        return call(request, networks::describe);
    }

    @Override
    public DescribeKeyPairsResponse describeKeyPairs(DescribeKeyPairsRequest request) {
        return call(request, networks::describe);
    }

    // Launch templates and tags

    @Override
    public DescribeTagsResponse describeTags(DescribeTagsRequest request) {
        return call(request, tags::describe);
    }

    @Override
    public DescribeLaunchTemplatesResponse describeLaunchTemplates(
            DescribeLaunchTemplatesRequest request) {
        return call(request, templates::describe);
    }

    @Override
    public DescribeLaunchTemplateVersionsResponse describeLaunchTemplateVersions(
            DescribeLaunchTemplateVersionsRequest request) {
        return call(request, templates::describeVersions);
    }

    @Override
    public CreateLaunchTemplateResponse createLaunchTemplate(CreateLaunchTemplateRequest request) {
        return call(request, templates::create);
    }

    @Override
    public CreateLaunchTemplateVersionResponse createLaunchTemplateVersion(
            CreateLaunchTemplateVersionRequest request) {
        return call(request, templates::addVersion);
    }

    @Override
    public ModifyLaunchTemplateResponse modifyLaunchTemplate(ModifyLaunchTemplateRequest request) {
        return call(request, templates::setDefault);
    }

    @Override
    public DeleteLaunchTemplateResponse deleteLaunchTemplate(DeleteLaunchTemplateRequest request) {
        return call(request, templates::delete);
    }

    @Override
    public CreateTagsResponse createTags(CreateTagsRequest request) {
        return call(request, tags::create);
    }

    @Override
    public DeleteTagsResponse deleteTags(DeleteTagsRequest request) {
        return call(request, tags::delete);
    }

    // Spot requests and fleets

    @Override
    public RequestSpotInstancesResponse requestSpotInstances(RequestSpotInstancesRequest request) {
        return call(request, fleets::request);
    }

    @Override
    public CancelSpotInstanceRequestsResponse cancelSpotInstanceRequests(
            CancelSpotInstanceRequestsRequest request) {
        return call(request, fleets::cancel);
    }

    @Override
    public DescribeSpotInstanceRequestsResponse describeSpotInstanceRequests(
            DescribeSpotInstanceRequestsRequest request) {
        return call(request, fleets::describe);
    }

    @Override
    public RequestSpotFleetResponse requestSpotFleet(RequestSpotFleetRequest request) {
        return call(request, fleets::request);
    }

    @Override
    public CancelSpotFleetRequestsResponse cancelSpotFleetRequests(
            CancelSpotFleetRequestsRequest request) {
        return call(request, fleets::cancel);
    }

    @Override
    public DescribeSpotFleetRequestsResponse describeSpotFleetRequests(
            DescribeSpotFleetRequestsRequest request) {
        return call(request, fleets::describe);
    }

    @Override
    public CreateFleetResponse createFleet(CreateFleetRequest request) {
        return call(request, fleets::create);
    }

    @Override
    public DeleteFleetsResponse deleteFleets(DeleteFleetsRequest request) {
        return call(request, fleets::delete);
    }

    @Override
    public DescribeFleetsResponse describeFleets(DescribeFleetsRequest request) {
        return call(request, fleets::describe);
    }

    // Regions

    @Override
    public DescribeRegionsResponse describeRegions(DescribeRegionsRequest request) {
        return call(request, SimulatedEc2::regions);
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {}

    SimulatedNetworks networks() {
        return networks;
    }

    SimulatedLaunches launches() {
        return launches;
    }

    SimulatedInstances instances() {
        return instances;
    }

    SimulatedImages images() {
        return images;
    }

    SimulatedSnapshots snapshots() {
        return snapshots;
    }

    SimulatedUsageReports usageReports() {
        return usageReports;
    }

    private <R extends Ec2Request, T> T call(R request, Function<R, T> work) {
        String action = request.getClass().getSimpleName().replaceFirst("Request$", "");
        if (!REGIONS.contains(region)) {
            throw SdkClientException.create(
                    "Unable to execute HTTP request: ec2."
                            + region
                            + ".amazonaws.com: unknown host");
        }
        return calls.run(
                new Calls.Action(action, region),
                settings.bucket(action, isNarrow(request)),
                ERRORS,
                () -> {
                    if (request.getValueForField("DryRun", Boolean.class).orElse(false)) {
                        throw ERRORS.error(
                                "DryRunOperation",
                                412,
                                "Request would have succeeded, but DryRun flag is set.");
                    }
                    settings.watcher().ifPresent(watcher -> watcher.before(region, request));
                    T answer = work.apply(request);
                    settings.watcher().ifPresent(watcher -> watcher.after(region, request, answer));
                    return answer;
                });
    }

    /**
     * Whether a describing call has ids, a filter or a page size, or can have none of them: only
     * calls that could be narrower have the smaller token bucket.
     */
    private static boolean isNarrow(Ec2Request request) {
        List<SdkField<?>> narrowing =
                request.sdkFields().stream()
                        .filter(field ->
                                field.memberName().endsWith("Ids")
                                        || field.memberName().equals("Filters")
                                        || field.memberName().equals("MaxResults"))
                        .toList();
        return narrowing.isEmpty()
                || narrowing.stream()
                        .map((SdkField<?> field) -> field.getValueOrDefault(request))
                        .anyMatch(value ->
                                value instanceof Collection<?> values
                                        ? !values.isEmpty()
                                        : value != null);
    }

    private static DescribeRegionsResponse regions(DescribeRegionsRequest request) {
        return DescribeRegionsResponse.builder()
                .regions(
                        REGIONS.stream()
                                .filter(name -> Listing.isAmong(request.regionNames(), name))
                                .map(SimulatedEc2::description)
                                .toList())
                .build();
    }

    private static Region description(String name) {
        return Region.builder()
                .regionName(name)
                .endpoint("ec2." + name + ".amazonaws.com")
                .optInStatus("opt-in-not-required")
                .build();
    }
}
